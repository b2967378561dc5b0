// The same rules as tools/addresses.py, for marking while typing; the server has the last word.
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;
// anything up to a comma, semicolon or line end outside of quotes and angle brackets
const ENTRY = /(?:"(?:\\.|[^"\\])*"|<[^<>]*>|[^,;\r\n])+/g;
// a partner's form, open at its addresses
export const ADDRESSES_FORM = "sengerio_mail.res_partner_view_form_addresses";
const LOCAL_PART_MAX = 64;
const ADDRESS_MAX = 254;

/**
 * @param {string} text a pasted list of mailboxes
 * @returns {string[]} one text for each
 */
export function splitEntries(text) {
    return (text.match(ENTRY) || []).map((entry) => entry.trim()).filter(Boolean);
}

/**
 * @param {string} text a mailbox, with or without a name
 * @returns {string} its bare address in lower case, empty if there is none
 */
export function bareAddress(text) {
    const bracketed = text.match(/<([^<>]*)>\s*$/);
    return (bracketed ? bracketed[1] : text).trim().toLowerCase();
}

/**
 * @param {string} text a mailbox, with or without a name
 * @returns {boolean} whether a mail server can be given it
 */
export function isMailbox(text) {
    const email = bareAddress(text);
    const at = email.lastIndexOf("@");
    const local = email.slice(0, at);
    const labels = email.slice(at + 1).split(".");
    return (
        at > 0 &&
        local.length <= LOCAL_PART_MAX &&
        email.length <= ADDRESS_MAX &&
        DOT_ATOM.test(local) &&
        labels.length > 1 &&
        labels.every((label) => LABEL.test(label))
    );
}

/**
 * @param {string} text what is being typed
 * @returns {boolean} whether it is meant to be an address and is none (yet)
 */
export function isWrong(text) {
    return text.includes("@") && !isMailbox(text);
}
