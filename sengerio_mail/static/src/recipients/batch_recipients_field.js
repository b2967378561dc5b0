import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM, bareAddress } from "./addresses";
import { RecipientsRow } from "./recipients_row";

/** Who gets which of several invoices; copies of all of them, and the blind copy to oneself. */
export class BatchRecipientsField extends Component {
    static template = "sengerio_mail.BatchRecipientsField";
    static components = { CheckBox, RecipientsRow };
    static props = { ...standardFieldProps };

    setup() {
        this.dialog = useService("dialog");
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    /** The field is computed; what may be changed is beside it. */
    get readonly() {
        return !this.props.record.isInEdition;
    }

    get data() {
        return this.props.record.data;
    }

    get placeholder() {
        return _t("Add a copy of all these invoices");
    }

    get headers() {
        return [
            ["to", _t("To")],
            ["cc", _t("Cc")],
            ["bcc", _t("Bcc")],
        ];
    }

    get added() {
        return this.data.sengerio_changes?.added?.cc || [];
    }

    change(cc) {
        return this.props.record.update({ sengerio_changes: { added: { cc } } });
    }

    add(entries) {
        const known = this.added.map(bareAddress);
        return this.change([...this.added, ...entries.filter((entry) => !known.includes(bareAddress(entry)))]);
    }

    remove(tag) {
        return this.change(this.added.filter((entry) => entry !== tag.entry));
    }

    switchCopy(wanted) {
        return this.props.record.update({ sengerio_bcc_sender: wanted });
    }

    openPartner(partnerId) {
        this.dialog.add(FormViewDialog, {
            resModel: "res.partner",
            resId: partnerId,
            context: { form_view_ref: ADDRESSES_FORM },
            onRecordSaved: () =>
                this.props.record.update({
                    sengerio_changes: { ...this.data.sengerio_changes, asked: Date.now() },
                }),
        });
    }

    onTyping(id, unfinished) {
        const { record, name } = this.props;
        return unfinished ? record.setInvalidField(name) : record.resetFieldValidity(name);
    }
}

registry.category("fields").add("sengerio_batch_recipients", {
    component: BatchRecipientsField,
    displayName: _t("Recipients of several documents"),
    supportedTypes: ["json"],
});
