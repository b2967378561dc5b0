import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM } from "./addresses";
import { HEADERS } from "./changes";
import { RecipientsRow, headerLabels } from "./recipients_row";

/** Who gets one of several notices, to be read; what is missing can be added at once. */
export class NoticeRecipientsField extends Component {
    static template = "sengerio_mail.NoticeRecipientsField";
    static components = { RecipientsRow };
    static props = { ...standardFieldProps };

    setup() {
        this.dialog = useService("dialog");
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    /** Headers that say something; nobody in To says something, too. */
    get headers() {
        return HEADERS.filter((header) => this.value[header].length);
    }

    get labels() {
        return headerLabels();
    }

    /** What was changed in the notices is saved before, or reading would drop it. */
    async readAgain() {
        const { record } = this.props;
        await record.model.root.save();
        if (!record.dirty) {
            await record.load();
        }
    }

    /** Enter on a button is for the button: the list would open the row. */
    onButtonKeydown(ev) {
        if (ev.key === "Enter") {
            ev.stopPropagation();
        }
    }

    openPartner(partnerId) {
        this.dialog.add(FormViewDialog, {
            resModel: "res.partner",
            resId: partnerId,
            context: { form_view_ref: ADDRESSES_FORM },
            onRecordSaved: () => this.readAgain(),
        });
    }
}

registry.category("fields").add("sengerio_notice_recipients", {
    component: NoticeRecipientsField,
    displayName: _t("Recipients of a notice"),
    supportedTypes: ["json"],
    listViewWidth: [280],
});
