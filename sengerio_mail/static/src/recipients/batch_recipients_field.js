import { Component, onWillRender, status, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM, bareAddress } from "./addresses";
import { HEADERS, addContact, addEntries, isAdded, moveTag, putBack, removeContact, removeTag } from "./changes";
import { RecipientsRow, addPlaceholders, headerLabels, moveTargets } from "./recipients_row";

export const MORE = 20; // lines at a time

/**
 * Who gets which of several invoices, changed for each; for all of them From, Reply-To, copies, and the blind copy to
 * oneself.
 *
 * The field's value is what the server answers: all ids, and the lines that `sengerio_wanted` asks for, which are those
 * that a change concerns. The others are kept.
 */
export class BatchRecipientsField extends Component {
    static template = "sengerio_mail.BatchRecipientsField";
    static components = { CheckBox, Dropdown, DropdownItem, RecipientsRow };
    static props = { ...standardFieldProps };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.unfinished = new Set();
        this.pending = null;
        this.toFocus = null;
        this.known = {};
        onWillRender(() => this.keep());
        useEffect(() => this.focusOther());
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    keep() {
        for (const line of this.value?.lines || []) {
            this.known[line.id] = line;
        }
    }

    get lines() {
        return this.value.ids.filter((id) => id in this.known).map((id) => this.known[id]);
    }

    get hidden() {
        return this.value.ids.length - this.lines.length;
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

    /** Whether to link to where an address is added or corrected. */
    get canMend() {
        return !this.readonly;
    }

    shownHeaders(line) {
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
     * The lines follow some at a time, so that one sees them change; what is changed is with the record from the first.
     *
     * @param {Object} values fields of the record
     * @param {number[]} wanted whose lines they concern, all that are shown unless told
     */
    async update(values, wanted = this.lines.map((line) => line.id)) {
        await this.ask({ ...values, sengerio_wanted: wanted.slice(0, MORE) });
        for (let next = MORE; next < wanted.length && status(this) !== "destroyed"; next += MORE) {
            try {
                await this.ask({ sengerio_wanted: wanted.slice(next, next + MORE) });
            } catch (error) {
                wanted.slice(next).forEach((id) => delete this.known[id]); // as they were, they would be wrong
                throw error;
            }
        }
    }

    async ask(values) {
        await this.props.record.update(values);
        this.keep();
        if (this.unfinished.size) {
            this.props.record.setInvalidField(this.props.name); // what the server answers takes the mark off
        }
    }

    /**
     * @param {Object} values parts of the changes that are to be replaced
     * @param {Object} [others] further fields of the record
     * @param {number[]} [wanted] see `update`
     */
    async change(values, others = {}, wanted = undefined) {
        const pending = { ...this.changes, ...values };
        this.pending = pending;
        try {
            await this.update({ ...others, sengerio_changes: pending }, wanted);
        } finally {
            if (this.pending === pending) {
                this.pending = null;
            }
        }
    }

    // more of them

    get moreLabel() {
        return _t("Show %s more", Math.min(MORE, this.hidden));
    }

    get hiddenText() {
        return _t("%s more are sent, too, and not shown.", this.hidden);
    }

    showMore() {
        const next = this.value.ids.filter((id) => !(id in this.known)).slice(0, MORE);
        this.toFocus = `.o_sengerio_lines tr[data-id="${next[0]}"] button`;
        document.activeElement?.blur(); // what comes stands before the button
        return this.update({}, next);
    }

    // From and Reply-To of all

    headerValue(part) {
        const choices = this.data.sengerio_choices[part];
        const value = this.changes[part] || "";
        const chosen = choices.find((choice) => choice.value === value) || choices[0];
        return { ...chosen, choices: choices.length > 1 ? choices : [] };
    }

    choose(part, value) {
        return this.change({ [part]: value });
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
        return this.update({ sengerio_bcc_sender: wanted });
    }

    // one invoice

    own(line) {
        return this.changes.moves?.[line.id] || {};
    }

    changeOwn(line, values) {
        const moves = { ...this.changes.moves, [line.id]: { ...this.own(line), ...values } };
        return this.change({ moves }, line.addressed ? {} : this.askAgain(), [line.id]);
    }

    /** Summary and alerts may have changed, too. */
    askAgain() {
        return { sengerio_asked: this.data.sengerio_asked + 1 };
    }

    /** A contact gets it at its addresses for the role, see recipients_field.js. */
    addContact(line, partnerId, emails) {
        const values = addContact(this.own(line), line, partnerId, emails);
        if (values) {
            return this.changeOwn(line, values);
        }
        const tag = line.to.find((other) => other.partner_id === partnerId);
        const who = tag?.name || tag?.email || emails.join();
        this.notification.add(
            _t("%(address)s is in %(header)s already.", { address: who, header: this.labels.to }), { type: "info" }
        );
    }

    add(line, header, entries, partnerId) {
        if (header === "to" && partnerId) {
            return this.addContact(line, partnerId, entries.map(bareAddress));
        }
        const values = addEntries(this.own(line), line, header, entries, (email, there) =>
            this.notification.add(
                _t("%(address)s is in %(header)s already.", { address: email, header: this.labels[there] }),
                { type: "info" }
            )
        );
        return this.changeOwn(line, values);
    }

    remove(line, header, tag) {
        const contact = header === "to" && removeContact(this.own(line), line, tag);
        const gone = contact || isAdded(tag);
        this.focusLater(line, gone ? `[data-header=${header}] .o_sengerio_add` : this.leftOutSelector(tag));
        return this.changeOwn(line, contact || removeTag(this.own(line), header, tag));
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
            onRecordSaved: () => this.update(this.askAgain()),
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
