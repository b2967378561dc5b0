const MOST_TIMES = 60;

/** Press real keys of the browser's keyboard, see common_keyboard.py; resolves when they are released. */
async function pressKeys(...keys) {
    let held = keys.length;
    const released = new Promise((done) => {
        const count = () => {
            if (!--held) {
                window.removeEventListener("keyup", count, { capture: true });
                done();
            }
        };
        window.addEventListener("keyup", count, { capture: true });
    });
    window.sengerioPress(JSON.stringify(keys));
    await released;
}

const describe = (element) => `<${element.tagName.toLowerCase()} class="${element.className}">`;

/** Complain when who looks at the screen cannot tell that an element has the focus. */
function checkSeen(element) {
    if (!element.matches(":focus-visible")) {
        throw new Error(`${describe(element)} does not count as focused by the keyboard.`);
    }
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const hasCaret = element.matches("textarea, input:not([type=checkbox])");
    if (!hasCaret && (outlineStyle === "none" || !parseFloat(outlineWidth)) && boxShadow === "none") {
        throw new Error(`Nothing around ${describe(element)} shows that it has the focus.`);
    }
}

/** Press a key, or keys together, until what a selector finds has the focus, and can be seen to have it. */
export const pressUntil = (key, selector) => ({
    content: `${key} leads to ${selector}`,
    trigger: selector,
    async run({ anchor }) {
        const passed = [];
        while (document.activeElement !== anchor) {
            passed.push(describe(document.activeElement));
            if (passed.length > MOST_TIMES) {
                throw new Error(`${key} did not lead to ${selector}, but to ${passed.join(", ")}`);
            }
            await pressKeys(...key.split("+"));
        }
        console.log(`${passed.length} times ${key} to ${selector}`);
        checkSeen(anchor);
    },
});

export const tabTo = (selector) => pressUntil("Tab", selector);

/** Wait until what a selector finds has the focus, and can be seen to have it. */
export const isFocused = (selector, content) => ({
    content,
    trigger: `${selector}:focus`,
    run: ({ anchor }) => checkSeen(anchor),
});

/** Type on the keyboard, whatever has the focus. */
export const type = (text) => ({
    content: `Type ${text}`,
    trigger: "body",
    async run() {
        for (const key of text) {
            await pressKeys(key);
        }
    },
});

/** Press keys together, for example `Alt+s`. */
export const press = (keys) => ({ content: `Press ${keys}`, trigger: "body", run: () => pressKeys(...keys.split("+")) });

/** Paste a text with Ctrl+V, whatever has the focus. */
export const paste = (text) => ({
    content: `Paste ${text}`,
    trigger: "body",
    async run() {
        await navigator.clipboard.writeText(text);
        await pressKeys("Control", "v");
    },
});
