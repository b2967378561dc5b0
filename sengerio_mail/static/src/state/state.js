import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatSelection } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// colour and icon of each state: never the colour alone
export const LOOKS = {
    queued: ["secondary", "fa-clock-o"],
    sent: ["info", "fa-paper-plane-o"],
    delayed: ["warning", "fa-hourglass-half"],
    delivered: ["success", "fa-check"],
    opened: ["success", "fa-envelope-open-o"],
    refused: ["danger", "fa-ban"],
    soft_bounce: ["warning", "fa-reply"],
    hard_bounce: ["danger", "fa-times-circle"],
    complaint: ["danger", "fa-flag"],
    failed: ["danger", "fa-exclamation-triangle"],
    cancelled: ["secondary", "fa-minus-circle"],
    // of a role address or a copy
    bad_address: ["danger", "fa-times-circle"],
    mandatory: ["secondary", "fa-lock"],
    administrator: ["secondary", "fa-lock"],
};
const UNKNOWN = ["secondary", "fa-question-circle-o"];

/** A state as icon and word. */
export class DocumentState extends Component {
    static template = "sengerio_mail.DocumentState";
    static props = { state: String, word: String };

    get color() {
        return (LOOKS[this.props.state] || UNKNOWN)[0];
    }

    get icon() {
        return (LOOKS[this.props.state] || UNKNOWN)[1];
    }
}

/** The state of a document, a recipient, an address or a copy; a document says too that a copy of it failed. */
export class StateField extends Component {
    static template = "sengerio_mail.StateField";
    static components = { DocumentState };
    static props = { ...standardFieldProps };

    get state() {
        return this.props.record.data[this.props.name];
    }

    get word() {
        return formatSelection(this.state, { selection: this.props.record.fields[this.props.name].selection });
    }

    get copyFailed() {
        return Boolean(this.props.record.data.copy_failed);
    }
}

registry.category("fields").add("sengerio_state", {
    component: StateField,
    displayName: _t("Delivery State"),
    supportedTypes: ["selection"],
});

/** How many files were sent, nothing where there was none. */
export class FileCountField extends Component {
    static template = "sengerio_mail.FileCountField";
    static props = { ...standardFieldProps };

    get count() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("sengerio_file_count", {
    component: FileCountField,
    displayName: _t("Number of Files"),
    supportedTypes: ["integer"],
});
