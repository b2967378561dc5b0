import { Component } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM, bareAddress } from "./addresses";
import { RecipientsRow } from "./recipients_row";

const HEADERS = ["to", "cc", "bcc"];

/**
 * What the message will be: From, Reply-To, To, Cc and Bcc, each address with its reason, changed for this send.
 *
 * The field's value is what the server answers; what is changed goes to `sengerio_changes`, contacts in To to the
 * field of Odoo's own that `options.partners` names.
 */
export class RecipientsField extends Component {
    static template = "sengerio_mail.RecipientsField";
    static components = { Dropdown, DropdownItem, RecipientsRow };
    static props = { ...standardFieldProps, partners: { type: String } };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.unfinished = new Set();
        this.pending = null;
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    /** The field is computed; what may be changed is beside it. */
    get readonly() {
        return !this.props.record.isInEdition;
    }

    get labels() {
        return { to: _t("To"), cc: _t("Cc"), bcc: _t("Bcc") };
    }

    get headers() {
        return HEADERS;
    }

    /** What is changed, including what the record has not been told yet: one may be quicker than the server. */
    get changes() {
        return this.pending || this.props.record.data.sengerio_changes || {};
    }

    get placeholders() {
        return { to: _t("Add a contact or an address"), cc: _t("Add a copy"), bcc: _t("Add a blind copy") };
    }

    get canCopyMe() {
        const { data } = this.props.record;
        return !this.readonly && this.value.may_copy_sender && !data.sengerio_bcc_sender;
    }

    targets(header) {
        return HEADERS.filter((other) => other !== header).map((other) => [
            other,
            _t("Move to %s", this.labels[other]),
        ]);
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

    choose(part, value) {
        return this.change({ [part]: value });
    }

    copyMe() {
        const email = this.value.left_out.find((tag) => tag.kind === "sender")?.email;
        const removed = (this.changes.removed || []).filter((other) => other !== email);
        return this.change({ removed }, { sengerio_bcc_sender: true });
    }

    async add(header, entries, partnerId) {
        if (header === "to" && partnerId) {
            return this.addPartner(partnerId, entries.map(bareAddress));
        }
        const added = { ...(this.changes.added || {}) };
        let removed = [...(this.changes.removed || [])];
        for (const entry of entries) {
            const email = bareAddress(entry);
            const there = this.find(email);
            if (there && HEADERS.indexOf(there.header) <= HEADERS.indexOf(header)) {
                this.notification.add(_t("%(address)s is in %(header)s already.", {
                    address: email, header: this.labels[there.header],
                }), { type: "info" });
                continue;
            }
            const left = this.value.left_out.find((tag) => tag.email === email && tag.key.startsWith(`${header}:`));
            if (left) {
                removed = removed.filter((other) => other !== email);
                continue;
            }
            for (const other of HEADERS) {
                added[other] = (added[other] || []).filter((known) => bareAddress(known) !== email);
            }
            added[header] = [...(added[header] || []), entry];
        }
        await this.change({ added, removed });
    }

    async addPartner(partnerId, emails) {
        const removed = (this.changes.removed || []).filter((other) => !emails.includes(other));
        if (removed.length !== (this.changes.removed || []).length) {
            await this.change({ removed });
        }
        await this.props.record.data[this.props.partners].addAndRemove({ add: [partnerId] });
    }

    find(email) {
        for (const header of HEADERS) {
            const tag = this.value[header].find((other) => other.email === email);
            if (tag) {
                return { header, tag };
            }
        }
    }

    async remove(header, tag) {
        if (tag.kind === "sender") {
            return this.props.record.update({ sengerio_bcc_sender: false });
        }
        if (this.isAdded(tag)) {
            const added = { ...(this.changes.added || {}) };
            added[header] = (added[header] || []).filter(
                (entry) => entry !== tag.entry && bareAddress(entry) !== tag.email
            );
            return this.change({ added });
        }
        const partners = this.props.record.data[this.props.partners];
        const others = this.value.to.some((other) => other.partner_id === tag.partner_id && other.key !== tag.key);
        if (header === "to" && tag.partner_id && !others && partners.currentIds.includes(tag.partner_id)) {
            const own = this.value.left_out.filter((other) => other.partner_id === tag.partner_id);
            if (own.length) {
                const emails = own.map((other) => other.email);
                await this.change({ removed: (this.changes.removed || []).filter((e) => !emails.includes(e)) });
            }
            return partners.addAndRemove({ remove: [tag.partner_id] });
        }
        return this.change({ removed: [...(this.changes.removed || []), tag.email] });
    }

    async move(from, tag, header) {
        const entry = tag.entry || (tag.name ? `"${tag.name.replace(/["\\]/g, "")}" <${tag.email}>` : tag.email);
        const added = { ...(this.changes.added || {}) };
        let removed = [...(this.changes.removed || [])];
        for (const other of HEADERS) {
            added[other] = (added[other] || []).filter((known) => bareAddress(known) !== tag.email);
        }
        added[header] = [...(added[header] || []), entry];
        if (!this.isAdded(tag)) {
            removed = [...new Set([...removed, tag.email])];
        }
        await this.change({ added, removed });
    }

    isAdded(tag) {
        return tag.kind === "added" || tag.kind === "error";
    }

    putBackLabel(tag) {
        return _t("Put %s back", tag.email);
    }

    putBack(tag) {
        return this.change({ removed: (this.changes.removed || []).filter((email) => email !== tag.email) });
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
        this.unfinished[unfinished ? "add" : "delete"](id);
        const { record, name } = this.props;
        if (this.unfinished.size) {
            record.setInvalidField(name);
        } else {
            record.resetFieldValidity(name);
        }
    }
}

export const recipientsField = {
    component: RecipientsField,
    displayName: _t("Recipients"),
    supportedTypes: ["json"],
    supportedOptions: [{ label: _t("Field of the contacts in To"), name: "partners", type: "string" }],
    extractProps: ({ options }) => ({ partners: options.partners }),
};

registry.category("fields").add("sengerio_recipients", recipientsField);
