import { registry } from "@web/core/registry";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";

/** Odoo's file, whose first button is one for the keyboard, too: a label cannot have the focus. */
export class FileField extends BinaryField {
    static template = "sengerio_mail.FileField";
}

registry.category("fields").add("sengerio_file", { ...binaryField, component: FileField });
