import { Component, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM, bareAddress } from "./addresses";
import { RecipientsRow } from "./recipients_row";

/** Who gets which of several invoices, but who is left out; copies of all of them, and the blind copy to oneself. */
export class BatchRecipientsField extends Component {
    static template = "sengerio_mail.BatchRecipientsField";
    static components = { CheckBox, RecipientsRow };
    static props = { ...standardFieldProps };

    setup() {
        this.dialog = useService("dialog");
        this.root = useRef("root");
        this.pending = null;
        this.toFocus = null;
        useEffect(() => this.focusOther());
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

    /** What is changed, including what the record has not been told yet: one may be quicker than the server. */
    get changes() {
        return this.pending || this.data.sengerio_changes || {};
    }

    get added() {
        return this.changes.added?.cc || [];
    }

    async change(values) {
        const pending = { ...this.changes, ...values };
        this.pending = pending;
        try {
            await this.props.record.update({ sengerio_changes: pending });
        } finally {
            if (this.pending === pending) {
                this.pending = null;
            }
        }
    }

    changeAdded(cc) {
        return this.change({ added: { cc } });
    }

    add(entries) {
        const known = this.added.map(bareAddress);
        return this.changeAdded([...this.added, ...entries.filter((entry) => !known.includes(bareAddress(entry)))]);
    }

    remove(tag) {
        return this.changeAdded(this.added.filter((entry) => entry !== tag.entry));
    }

    /** What is added to all is taken off there. */
    canLeaveOut(tag) {
        return !this.readonly && !tag.locked && tag.kind !== "added";
    }

    leaveOutLabel(line, tag) {
        return _t("Leave out %(address)s of %(number)s", { address: tag.email, number: line.number });
    }

    putBackLabel(line, tag) {
        return _t("Put %(address)s back into %(number)s", { address: tag.email, number: line.number });
    }

    leftOut(line, header) {
        return line.left_out.filter((tag) => !header || tag.key.startsWith(`${header}:`));
    }

    leaveOut(line, tag) {
        return this.changeRemoved(line, tag, [...this.removed(line), tag.email]);
    }

    putBack(line, tag) {
        return this.changeRemoved(line, tag, this.removed(line).filter((email) => email !== tag.email));
    }

    removed(line) {
        return this.changes.moves?.[line.id]?.removed || [];
    }

    changeRemoved(line, tag, removed) {
        const button = document.activeElement;
        this.toFocus = { button, selector: `tr[data-id="${line.id}"] [data-email="${tag.email}"] button` };
        return this.change({ moves: { ...this.changes.moves, [line.id]: { removed } } });
    }

    /** The button that was pressed has made way for the one that undoes it. */
    focusOther() {
        if (this.toFocus && !this.toFocus.button.isConnected) {
            this.root.el?.querySelector(this.toFocus.selector)?.focus();
            this.toFocus = null;
        }
    }

    switchCopy(wanted) {
        return this.props.record.update({ sengerio_bcc_sender: wanted });
    }

    openPartner(partnerId) {
        this.dialog.add(FormViewDialog, {
            resModel: "res.partner",
            resId: partnerId,
            context: { form_view_ref: ADDRESSES_FORM },
            // asked again: the addresses may have changed
            onRecordSaved: () => this.change({ asked: Date.now() }),
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
