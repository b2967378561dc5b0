import { useEffect } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { BatchRecipientsField, MORE } from "./batch_recipients_field";
import { HEADERS } from "./changes";

/** Who gets which of several documents, to be read: the composer sends many by one template, and changes none alone. */
export class RecipientsSummaryField extends BatchRecipientsField {
    static template = "sengerio_mail.RecipientsSummaryField";

    setup() {
        super.setup();
        let opened = false;
        // Odoo sends the same text to the same address once: whether it is the same, the server tells when asked
        useEffect(
            () => {
                if (opened) {
                    this.props.record.update(this.askAgain());
                }
                opened = true;
            },
            () => this.texts
        );
    }

    get texts() {
        const { attachment_ids, body, subject } = this.props.record.data;
        return [subject, String(body), attachment_ids.currentIds.join()];
    }

    get readonly() {
        return true;
    }

    get canMend() {
        return this.props.record.isInEdition;
    }

    /** Another template, another From: all lines are told anew. */
    get lines() {
        return this.value.lines;
    }

    /** All that are wanted at once: the answer takes the place of what is shown. */
    async update(values, wanted = this.lines.map((line) => line.id)) {
        await this.ask({ ...values, sengerio_wanted: wanted });
    }

    showMore() {
        const { length } = this.lines;
        this.toFocus = `.o_sengerio_lines tr[data-id="${this.value.ids[length]}"] button`;
        return this.update({}, this.value.ids.slice(0, length + MORE));
    }

    shownHeaders(line) {
        return HEADERS.filter((header) => line[header].length);
    }
}

registry.category("fields").add("sengerio_recipients_summary", {
    component: RecipientsSummaryField,
    displayName: _t("Recipients of several documents, to be read"),
    supportedTypes: ["json"],
});
