import { Component, onWillUnmount, useEffect, useExternalListener, useRef, useState } from "@odoo/owl";
import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { useTagNavigation } from "@web/core/record_selectors/tag_navigation_hook";
import { useChildRef, useService } from "@web/core/utils/hooks";
import { HEADERS } from "./changes";
import { bareAddress, isMailbox, isWrong, splitEntries } from "./addresses";

// icon, colour of Odoo's tags, and what the icon means
const KINDS = {
    role: ["fa-building-o", 0, _t("role address")],
    contact: ["fa-user-o", 0, _t("contact")],
    plain: ["fa-envelope-o", 0, _t("of the e-mail template")],
    copy: ["fa-files-o", 4, _t("copy")],
    sender: ["fa-eye-slash", 4, _t("blind copy to the sender")],
    added: ["fa-plus", 10, _t("added for this message")],
    common: ["fa-files-o", 10, _t("in copy of all these invoices")],
    follower: ["fa-bell-o", 0, _t("follower")],
    inbox: ["fa-bell-o", 0, _t("notified in Odoo")],
    missing: ["fa-exclamation-circle", 1, _t("no e-mail address")],
    error: ["fa-exclamation-circle", 1, _t("cannot be used")],
};

export function headerLabels() {
    return { to: _t("To"), cc: _t("Cc"), bcc: _t("Bcc") };
}

export function addPlaceholders() {
    return { to: _t("Add a contact or an address"), cc: _t("Add a copy"), bcc: _t("Add a blind copy") };
}

/**
 * @param {string} header
 * @returns {string[][]} to which others a tag may be moved, and what that is called
 */
export function moveTargets(header) {
    const labels = headerLabels();
    return HEADERS.filter((other) => other !== header).map((other) => [other, _t("Move to %s", labels[other])]);
}

/** One header of a message: its addresses as tags, and an input to add more. */
export class RecipientsRow extends Component {
    static template = "sengerio_mail.RecipientsRow";
    static components = { AutoComplete, Dropdown, DropdownItem };
    static props = {
        id: String,
        label: String,
        tags: Array,
        targets: { type: Array, optional: true }, // [[header, label]] to which a tag may be moved
        readonly: { type: Boolean, optional: true },
        placeholder: { type: String, optional: true },
        addLabel: { type: String, optional: true }, // a button that says so makes way for the input, until one leaves it
        takesContacts: { type: Boolean, optional: true }, // also those without e-mail
        onAdd: { type: Function, optional: true }, // (entries, partnerId)
        onRemove: { type: Function, optional: true }, // (tag)
        onMove: { type: Function, optional: true }, // (tag, header)
        onTyping: { type: Function, optional: true }, // (id, whether something is unfinished)
    };
    static defaultProps = { targets: [], placeholder: "" };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ typed: "", left: false, open: !this.props.addLabel });
        this.inputRef = useChildRef();
        this.addButton = useRef("addButton");
        useTagNavigation("row", {
            isEnabled: () => !this.props.readonly,
            delete: (index) => this.remove(this.props.tags[index]),
        });
        useEffect(
            (el, wrong) => {
                el?.setAttribute("aria-label", this.props.label);
                el?.setAttribute("aria-invalid", wrong ? "true" : "false");
                el?.setAttribute("spellcheck", "false");
            },
            () => [this.inputRef.el, this.wrong]
        );
        useExternalListener(window, "pointerdown", () => (this.pressed = true), { capture: true });
        useExternalListener(window, "pointerup", () => (this.pressed = false), { capture: true });
        useExternalListener(window, "pointercancel", () => (this.pressed = false), { capture: true });
        useEffect(
            (open) => {
                if (this.toFocus) {
                    (open ? this.inputRef.el : this.addButton.el)?.focus();
                    this.toFocus = false;
                }
            },
            () => [this.state.open]
        );
        onWillUnmount(() => this.props.onTyping?.(this.props.id, false));
    }

    /** Whether what is typed is no address; a name is one only once it is chosen. */
    get wrong() {
        const typed = this.state.typed.trim();
        return isWrong(typed) || (this.state.left && Boolean(typed));
    }

    get hint() {
        return this.state.typed.includes("@")
            ? _t("“%s” is no complete e-mail address.", this.state.typed.trim())
            : _t("Choose “%s” from the list, or type an e-mail address.", this.state.typed.trim());
    }

    /** Show the input, or the button that opens it, and go there. */
    switchInput(open) {
        this.toFocus = true;
        this.state.open = open;
    }

    get sources() {
        return [{ options: (request) => this.options(request), optionSlot: "option" }];
    }

    icon(tag) {
        return KINDS[tag.kind][0];
    }

    color(tag) {
        return tag.bounced ? 3 : KINDS[tag.kind][1];
    }

    kind(tag) {
        return KINDS[tag.kind][2];
    }

    title(tag) {
        const who = tag.name && tag.email ? `${tag.name} <${tag.email}>` : tag.name || tag.email;
        return `${who} – ${tag.reason}`;
    }

    leaveOutLabel(tag) {
        return _t("Leave out %s", tag.name || tag.email);
    }

    canChange(tag) {
        return !this.props.readonly && !tag.locked && Boolean(this.props.onRemove);
    }

    canMove(tag) {
        return this.canChange(tag) && this.props.targets.length > 0 && tag.email && tag.kind !== "error";
    }

    async options(request) {
        if (!request) {
            return [];
        }
        const options = [];
        if (isMailbox(request)) {
            options.push({
                label: request,
                data: { detail: _t("this address"), icon: "fa-envelope-o" },
                onSelect: () => this.add([request]),
            });
        }
        const found = await this.orm.call("sengerio.mail.suggestion", "find", [request]);
        for (const suggestion of found) {
            if (suggestion.email && suggestion.email === bareAddress(request) && options[0]?.data.icon) {
                options.shift(); // known by name
            }
            const icon = suggestion.whole ? "fa-user-o" : "fa-building-o";
            options.push({
                label: suggestion.name,
                cssClass: suggestion.whole ? "" : "ps-3",
                data: { ...suggestion, icon: suggestion.bounced ? "fa-exclamation-triangle text-warning" : icon },
                onSelect: this.canTake(suggestion) ? () => this.addSuggestion(suggestion) : undefined,
            });
        }
        if (!options.length) {
            options.push({ label: _t("No contact found: type an e-mail address"), data: {} });
        }
        return options;
    }

    /** A contact without e-mail can be addressed (by its role), but is no copy. */
    canTake(suggestion) {
        return Boolean(suggestion.entry) || (suggestion.whole && this.props.takesContacts);
    }

    addSuggestion({ entry, whole, partner_id }) {
        this.add(entry ? [entry] : [], whole ? partner_id : false);
    }

    add(entries, partnerId = false) {
        this.setTyped("");
        this.props.onAdd(entries, partnerId);
    }

    remove(tag) {
        if (tag && this.canChange(tag)) {
            this.props.onRemove(tag);
        }
    }

    setTyped(text, left = false) {
        Object.assign(this.state, { typed: text, left });
        this.props.onTyping?.(this.props.id, Boolean(text.trim()));
    }

    clear() {
        this.inputRef.el.value = "";
        this.inputRef.el.dispatchEvent(new InputEvent("input", { bubbles: true }));
        this.setTyped("");
    }

    /** Take what is typed if it is an address. */
    take() {
        const typed = this.state.typed.trim();
        if (!isMailbox(typed)) {
            return false;
        }
        this.clear();
        this.props.onAdd([typed], false);
        return true;
    }

    onInput(ev) {
        if (ev.target === this.inputRef.el) {
            this.setTyped(ev.target.value);
        }
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && ev.target.classList.contains("o_sengerio_tag")) {
            ev.target.querySelector(".o_sengerio_open")?.click();
            ev.preventDefault();
            ev.stopPropagation();
        }
        const tag = ev.key === "Delete" && ev.target.closest(".o_sengerio_tag");
        if (tag) {
            const tags = [...ev.currentTarget.querySelectorAll(".o_sengerio_tag")];
            this.inputRef.el?.focus(); // as Backspace does
            this.remove(this.props.tags[tags.indexOf(tag)]);
        }
        if (ev.key === "Escape" && this.props.addLabel && ev.target === this.inputRef.el && !this.state.typed) {
            this.switchInput(false);
            ev.stopPropagation(); // closes the input, not the dialog
        }
        if (ev.target !== this.inputRef.el || !["Enter", ",", ";"].includes(ev.key)) {
            return;
        }
        const chosen = ev.key === "Enter" && ev.target.getAttribute("aria-activedescendant");
        const quoted = (this.state.typed.match(/"/g) || []).length % 2;
        if (!chosen && !quoted && this.take()) {
            ev.preventDefault();
            ev.stopPropagation();
        } else if (ev.key === "Enter" && !chosen && this.state.typed.trim()) {
            this.setTyped(this.state.typed, true);
        }
    }

    onPaste(ev) {
        const text = ev.clipboardData?.getData("text") || "";
        const entries = splitEntries(text);
        if (ev.target === this.inputRef.el && entries.length > 1 && text.includes("@")) {
            ev.preventDefault();
            ev.stopPropagation();
            this.add(entries);
        }
    }

    onBlur() {
        if (this.state.typed.trim() && !this.take()) {
            this.setTyped(this.state.typed, true);
        } else if (this.pressed) {
            // what is under the pointer must not move away before it is released
            window.addEventListener("pointerup", () => browser.setTimeout(() => this.closeInput()), { once: true });
        } else {
            this.closeInput();
        }
    }

    /** Where there is a button that opens it, unless one came back. */
    closeInput() {
        if (this.props.addLabel && !this.state.typed.trim() && document.activeElement !== this.inputRef.el) {
            this.state.open = false;
        }
    }
}
