import { registry } from "@web/core/registry";

const ROWS = ".o_field_widget[name=sengerio_address_ids] .o_data_row";
const PASTE = ".o_field_widget[name=sengerio_paste] textarea";

/** Put text into the clipboard event that Ctrl+V would make. */
function paste(element, text) {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}

const openTab = {
    content: "Open the tab",
    trigger: ".o_notebook .nav-link[name=sengerio_mail]",
    run: "click",
};
const save = [
    { content: "Save", trigger: ".o_form_button_save", run: "click" },
    { content: "Saved", trigger: ".o_form_saved, .o_form_readonly, .o_form_status_indicator_buttons.invisible" },
];

registry.category("web_tour.tours").add("sengerio_mail_paste_field", {
    steps: () => [
        openTab,
        {
            content: "Paste five addresses, one of them wrong,",
            trigger: PASTE,
            run: (helpers) =>
                helpers.edit("a@azure.example, b@azure.example; c@azure.example\nnonsense\nd@azure.example, e@azure.example"),
        },
        { content: "Tab", trigger: PASTE, run: "press Tab" },
        { content: "The wrong one is named", trigger: ".modal .modal-body:contains(nonsense)" },
        { content: "Close the message by the keyboard", trigger: ".modal", run: "press Escape" },
        { content: "The others are rows", trigger: `${ROWS}:eq(4):contains(e@azure.example)` },
        {
            content: "The wrong one is still there, to be corrected",
            trigger: PASTE,
            run() {
                if (this.anchor.value !== "nonsense") {
                    throw new Error(`Expected what could not be used, found ${this.anchor.value}`);
                }
            },
        },
        { content: "Correct it", trigger: PASTE, run: "edit f@azure.example" },
        { content: "Tab", trigger: PASTE, run: "press Tab" },
        { content: "It is a row too", trigger: `${ROWS}:eq(5):contains(f@azure.example)` },
        ...save,
    ],
});

registry.category("web_tour.tours").add("sengerio_mail_paste_cell", {
    steps: () => [
        openTab,
        {
            content: "Add a line",
            trigger: ".o_field_widget[name=sengerio_address_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        { content: "Open its role", trigger: `${ROWS} [name=role] input`, run: "click" },
        { content: "Accounting", trigger: ".o_select_menu_item:contains(Accounting)", run: "click" },
        {
            content: "Paste five addresses into its cell",
            trigger: `${ROWS} [name=email] input`,
            run() {
                paste(this.anchor, "a@azure.example\nb@azure.example\nc@azure.example\nd@azure.example\ne@azure.example");
            },
        },
        { content: "Five rows", trigger: `${ROWS}:eq(4):contains(e@azure.example)` },
        { content: "No sixth", trigger: `.o_field_widget[name=sengerio_address_ids]:not(:has(.o_data_row:eq(5)))` },
        ...save,
    ],
});
