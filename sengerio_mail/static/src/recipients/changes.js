import { bareAddress } from "./addresses";

/**
 * What is changed for one send, see tools/changes.py: `{added: {to, cc, bcc}, removed, contacts}`. The functions return the parts
 * that are to be replaced; `shown` is what the server answers: the tags of each header and those left out.
 */
export const HEADERS = ["to", "cc", "bcc"];

/**
 * @param {Object} tag
 * @returns {boolean} whether it is there because it was added
 */
export function isAdded(tag) {
    return tag.kind === "added" || tag.kind === "error";
}

/**
 * @param {Object} shown
 * @param {string} email
 * @returns {Object|undefined} `{header, tag}`
 */
export function findTag(shown, email) {
    for (const header of HEADERS) {
        const tag = shown[header].find((other) => other.email === email);
        if (tag) {
            return { header, tag };
        }
    }
}

/**
 * @param {Object} changes
 * @param {Object} shown
 * @param {string} header
 * @param {string[]} entries mailboxes
 * @param {Function} onKnown what to do with an address that is there already, and its header
 */
export function addEntries(changes, shown, header, entries, onKnown) {
    const added = { ...(changes.added || {}) };
    let removed = [...(changes.removed || [])];
    for (const entry of entries) {
        const email = bareAddress(entry);
        const there = findTag(shown, email);
        if (there && HEADERS.indexOf(there.header) <= HEADERS.indexOf(header)) {
            onKnown(email, there.header);
            continue;
        }
        const left = shown.left_out.find((tag) => tag.email === email && tag.key.startsWith(`${header}:`));
        if (left) {
            removed = removed.filter((other) => other !== email);
            continue;
        }
        for (const other of HEADERS) {
            added[other] = (added[other] || []).filter((known) => bareAddress(known) !== email);
        }
        added[header] = [...(added[header] || []), entry];
    }
    return { added, removed };
}

/**
 * @param {Object} changes
 * @param {string} header
 * @param {Object} tag
 */
export function removeTag(changes, header, tag) {
    if (!isAdded(tag)) {
        return { removed: [...(changes.removed || []), tag.email] };
    }
    const added = { ...(changes.added || {}) };
    added[header] = (added[header] || []).filter((entry) => entry !== tag.entry && bareAddress(entry) !== tag.email);
    return { added };
}

/**
 * @param {Object} changes
 * @param {Object} tag
 * @param {string} header to which it goes
 */
export function moveTag(changes, tag, header) {
    const entry = tag.entry || (tag.name ? `"${tag.name.replace(/["\\]/g, "")}" <${tag.email}>` : tag.email);
    const added = { ...(changes.added || {}) };
    let removed = [...(changes.removed || [])];
    for (const other of HEADERS) {
        added[other] = (added[other] || []).filter((known) => bareAddress(known) !== tag.email);
    }
    added[header] = [...(added[header] || []), entry];
    if (!isAdded(tag)) {
        removed = [...new Set([...removed, tag.email])];
    }
    return { added, removed };
}

/**
 * @param {Object} changes
 * @param {string[]} emails that are not to be left out any more
 */
export function putBack(changes, emails) {
    return { removed: (changes.removed || []).filter((email) => !emails.includes(email)) };
}

/**
 * @param {Object} changes
 * @param {Object} shown
 * @param {number} partnerId who is added to To, at the addresses for the document's role
 * @param {string[]} emails of this contact
 * @returns {Object|undefined} nothing if it is there already, and none of its addresses is left out
 */
export function addContact(changes, shown, partnerId, emails) {
    const back = shown.left_out.filter((tag) => tag.partner_id === partnerId || emails.includes(tag.email));
    const contacts = changes.contacts || [];
    const isThere = contacts.includes(partnerId) || shown.to.some((tag) => tag.partner_id === partnerId);
    if (isThere && !back.length && !emails.some((email) => (changes.removed || []).includes(email))) {
        return;
    }
    return {
        ...putBack(changes, [...emails, ...back.map((tag) => tag.email)]),
        contacts: isThere || back.some((tag) => tag.partner_id === partnerId) ? contacts : [...contacts, partnerId],
    };
}

/**
 * @param {Object} changes
 * @param {Object} shown
 * @param {Object} tag of To
 * @returns {Object|undefined} nothing unless it is the last address of a contact that was added
 */
export function removeContact(changes, shown, tag) {
    const isOther = (other) => other.partner_id === tag.partner_id && other.key !== tag.key;
    if (!tag.partner_id || !(changes.contacts || []).includes(tag.partner_id) || shown.to.some(isOther)) {
        return;
    }
    const own = shown.left_out.filter((other) => other.partner_id === tag.partner_id);
    return {
        ...putBack(changes, own.map((other) => other.email)),
        contacts: changes.contacts.filter((contact) => contact !== tag.partner_id),
    };
}
