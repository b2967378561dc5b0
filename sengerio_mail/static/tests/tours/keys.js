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

const describe = ({ tagName, className, textContent }) =>
    `<${tagName.toLowerCase()} class="${className}">${textContent.trim().slice(0, 20)}`;

/** Complain when who looks at the screen cannot tell that an element has the focus. */
function checkSeen(element) {
    if (!element.matches(":focus-visible")) {
        throw new Error(`${describe(element)} does not count as focused by the keyboard.`);
    }
    const { outlineStyle, outlineWidth, boxShadow, backgroundColor } = getComputedStyle(element);
    const hasCaret = element.matches("textarea, input:not([type=checkbox])");
    const other = element.matches(".dropdown-item") && element.parentElement.querySelector(".dropdown-item:not(:focus)");
    const isPainted = other && getComputedStyle(other).backgroundColor !== backgroundColor;
    if (!hasCaret && !isPainted && (outlineStyle === "none" || !parseFloat(outlineWidth)) && boxShadow === "none") {
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

/** Choose a word from the menu of the selection that has the focus. */
export const choose = (word) => [
    type(word[0]),
    {
        content: `Choose ${word}`,
        trigger: ".o_select_menu_item.focus",
        async run() {
            const item = () => document.querySelector(".o_select_menu_item.focus");
            for (let times = 0; item()?.textContent.trim() !== word; times++) {
                if (times > MOST_TIMES) {
                    throw new Error(`ArrowDown did not lead to ${word}, but to ${item()?.textContent}`);
                }
                await pressKeys("ArrowDown");
            }
            await pressKeys("Enter");
        },
    },
];

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

/** Wait until the browser has put a file with an extension where downloads go, see common_keyboard.py. */
export const waitForFile = (extension) => ({
    content: `Wait for a file .${extension}`,
    trigger: "body",
    async run({ anchor }) {
        while (!anchor.dataset.files?.endsWith(`.${extension}`)) {
            window.sengerioLook("");
            await new Promise((done) => setTimeout(done, 100));
        }
    },
});
