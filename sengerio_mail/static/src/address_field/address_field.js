import { registry } from "@web/core/registry";
import { CharField, charField } from "@web/views/fields/char/char_field";

const SEVERAL = /[,;\r\n]/;

/**
 * A role address in the editable list of a form. A list of addresses pasted here goes to the form's own field for
 * pasted addresses: Odoo reads it there, makes a row of each, and names those that cannot be used.
 */
export class AddressField extends CharField {
    static template = "sengerio_mail.AddressField";

    /** @param {ClipboardEvent} event */
    async onPaste(event) {
        const text = event.clipboardData.getData("text/plain").trim();
        const form = this.props.record.model.root;
        if (!SEVERAL.test(text) || text.split("@").length < 3 || !("sengerio_paste" in form.activeFields)) {
            return;
        }
        event.preventDefault();
        const { record } = this.props;
        await record.model.mutex.getUnlockedDef(); // a role just chosen may still be on its way
        const { role } = record.data;
        const list = form.data.sengerio_address_ids;
        if (record.isNew && !record.data.email) {
            await list.delete(record); // the empty row has served
        } else {
            await list.leaveEditMode();
        }
        await form.update({ sengerio_paste_role: role, sengerio_paste: text });
    }
}

export const addressField = { ...charField, component: AddressField };

registry.category("fields").add("sengerio_address", addressField);
