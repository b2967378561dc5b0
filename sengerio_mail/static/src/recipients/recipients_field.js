import { Component } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { ADDRESSES_FORM, bareAddress } from "./addresses";
import { HEADERS, addEntries, isAdded, moveTag, putBack, removeTag } from "./changes";
import { RecipientsRow, addPlaceholders, headerLabels, moveTargets } from "./recipients_row";

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
        return headerLabels();
    }

    get headers() {
        return HEADERS;
    }

    /** What is changed, including what the record has not been told yet: one may be quicker than the server. */
    get changes() {
        return this.pending || this.props.record.data.sengerio_changes || {};
    }

    get placeholders() {
        return addPlaceholders();
    }

    get canCopyMe() {
        const { data } = this.props.record;
        return !this.readonly && this.value.may_copy_sender && !data.sengerio_bcc_sender;
    }

    headerValue(part) {
        return this.value[part];
    }

    targets(header) {
        return moveTargets(header);
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
        return this.change(putBack(this.changes, [email]), { sengerio_bcc_sender: true });
    }

    async add(header, entries, partnerId) {
        if (header === "to" && partnerId) {
            return this.addPartner(partnerId, entries.map(bareAddress));
        }
        await this.change(
            addEntries(this.changes, this.value, header, entries, (email, there) =>
                this.notification.add(_t("%(address)s is in %(header)s already.", {
                    address: email, header: this.labels[there],
                }), { type: "info" })
            )
        );
    }

    async addPartner(partnerId, emails) {
        const { removed } = putBack(this.changes, emails);
        if (removed.length !== (this.changes.removed || []).length) {
            await this.change({ removed });
        }
        await this.props.record.data[this.props.partners].addAndRemove({ add: [partnerId] });
    }

    async remove(header, tag) {
        if (tag.kind === "sender") {
            return this.props.record.update({ sengerio_bcc_sender: false });
        }
        if (isAdded(tag)) {
            return this.change(removeTag(this.changes, header, tag));
        }
        const partners = this.props.record.data[this.props.partners];
        const others = this.value.to.some((other) => other.partner_id === tag.partner_id && other.key !== tag.key);
        if (header === "to" && tag.partner_id && !others && partners.currentIds.includes(tag.partner_id)) {
            const own = this.value.left_out.filter((other) => other.partner_id === tag.partner_id);
            if (own.length) {
                await this.change(putBack(this.changes, own.map((other) => other.email)));
            }
            return partners.addAndRemove({ remove: [tag.partner_id] });
        }
        return this.change(removeTag(this.changes, header, tag));
    }

    move(tag, header) {
        return this.change(moveTag(this.changes, tag, header));
    }

    putBackLabel(tag) {
        return _t("Put %s back", tag.email);
    }

    putBack(tag) {
        return this.change(putBack(this.changes, [tag.email]));
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
