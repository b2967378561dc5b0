import { Component, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM, bareAddress } from "./addresses";
import { HEADERS, addEntries, isAdded, moveTag, putBack, removeTag } from "./changes";
import { RecipientsRow, addPlaceholders, headerLabels, moveTargets } from "./recipients_row";

/** Who gets which of several invoices, changed for each; copies of all of them, and the blind copy to oneself. */
export class BatchRecipientsField extends Component {
    static template = "sengerio_mail.BatchRecipientsField";
    static components = { CheckBox, RecipientsRow };
    static props = { ...standardFieldProps };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.unfinished = new Set();
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

    get placeholders() {
        return addPlaceholders();
    }

    get headers() {
        return HEADERS;
    }

    get labels() {
        return headerLabels();
    }

    targets(header) {
        return moveTargets(header);
    }

    /** What is changed, including what the record has not been told yet: one may be quicker than the server. */
    get changes() {
        return this.pending || this.data.sengerio_changes || {};
    }

    get added() {
        return this.changes.added?.cc || [];
    }

    /**
     * @param {Object} values parts of the changes that are to be replaced
     * @param {Object} [others] further fields of the record
     */
    async change(values, others = {}) {
        const pending = { ...this.changes, ...values };
        this.pending = pending;
        try {
            await this.props.record.update({ ...others, sengerio_changes: pending });
        } finally {
            if (this.pending === pending) {
                this.pending = null;
            }
        }
    }

    // copies of all

    changeAdded(cc) {
        return this.change({ added: { cc } });
    }

    addToAll(entries) {
        const known = this.added.map(bareAddress);
        return this.changeAdded([...this.added, ...entries.filter((entry) => !known.includes(bareAddress(entry)))]);
    }

    removeFromAll(tag) {
        return this.changeAdded(this.added.filter((entry) => entry !== tag.entry));
    }

    switchCopy(wanted) {
        return this.props.record.update({ sengerio_bcc_sender: wanted });
    }

    // one invoice

    own(line) {
        return this.changes.moves?.[line.id] || {};
    }

    changeOwn(line, values) {
        const moves = { ...this.changes.moves, [line.id]: { ...this.own(line), ...values } };
        return this.change({ moves }, line.addressed ? {} : this.askAgain());
    }

    /** Summary and alerts may have changed, too. */
    askAgain() {
        return { sengerio_asked: this.data.sengerio_asked + 1 };
    }

    add(line, header, entries) {
        const values = addEntries(this.own(line), line, header, entries, (email, there) =>
            this.notification.add(
                _t("%(address)s is in %(header)s already.", { address: email, header: this.labels[there] }),
                { type: "info" }
            )
        );
        return this.changeOwn(line, values);
    }

    remove(line, header, tag) {
        const undo = isAdded(tag) ? `[data-header=${header}] .o_sengerio_add` : this.leftOutSelector(tag);
        this.focusLater(line, undo);
        return this.changeOwn(line, removeTag(this.own(line), header, tag));
    }

    move(line, tag, header) {
        this.focusLater(line, this.tagSelector(tag, header));
        return this.changeOwn(line, moveTag(this.own(line), tag, header));
    }

    putBack(line, tag) {
        this.focusLater(line, this.tagSelector(tag));
        return this.changeOwn(line, putBack(this.own(line), [tag.email]));
    }

    label(line, header) {
        return _t("%(header)s of %(number)s", { header: this.labels[header], number: line.number });
    }

    addLabel(line, header) {
        return _t("Add to %(header)s of %(number)s", { header: this.labels[header], number: line.number });
    }

    putBackLabel(line, tag) {
        return _t("Put %(address)s back into %(number)s", { address: tag.email, number: line.number });
    }

    openPartner(partnerId) {
        this.dialog.add(FormViewDialog, {
            resModel: "res.partner",
            resId: partnerId,
            context: { form_view_ref: ADDRESSES_FORM },
            onRecordSaved: () => this.props.record.update(this.askAgain()),
        });
    }

    onTyping(id, unfinished) {
        this.unfinished[unfinished ? "add" : "delete"](id);
        const { record, name } = this.props;
        return this.unfinished.size ? record.setInvalidField(name) : record.resetFieldValidity(name);
    }

    // what was pressed makes way for what undoes it

    tagSelector(tag, header) {
        const row = header ? `[data-header=${header}] ` : "";
        return `${row}.o_sengerio_tag[data-email="${CSS.escape(tag.email)}"] button`;
    }

    leftOutSelector(tag) {
        return `.o_sengerio_left_out [data-email="${CSS.escape(tag.email)}"] button`;
    }

    focusLater(line, selector) {
        this.toFocus = `tr[data-id="${line.id}"] ${selector}`;
    }

    focusOther() {
        const other = this.toFocus && this.root.el?.querySelector(this.toFocus);
        if (!other) {
            return;
        }
        const lost = !document.activeElement || document.activeElement === document.body;
        if (lost) {
            other.focus();
        }
        this.toFocus = null;
    }
}

registry.category("fields").add("sengerio_batch_recipients", {
    component: BatchRecipientsField,
    displayName: _t("Recipients of several documents"),
    supportedTypes: ["json"],
});
