import { registry } from "@web/core/registry";

const openTab = {
    content: "Open the tab",
    trigger: ".o_notebook .nav-link[name=sengerio_mail]",
    run: "click",
};
const openTable = { content: "Ask", trigger: "button[name=action_sengerio_matrix]", run: "click" };
const cell = (type, header) => `table[name=sengerio_matrix] tr[data-type=${type}] td[data-header=${header}]`;

registry.category("web_tour.tours").add("sengerio_mail_matrix_partner", {
    steps: () => [
        openTab,
        openTable,
        { content: "Address and reason", trigger: `${cell("invoice", "to")}:contains(books@azure.example)` },
        { content: "The reason", trigger: `${cell("invoice", "to")}:contains(accounting address of Azure Interior)` },
        { content: "The other role", trigger: `${cell("quotation", "to")}:contains(azure@azure.example)` },
        { content: "From", trigger: `${cell("quotation", "from")}:contains(marc@firm.example)` },
        { content: "Replies", trigger: `${cell("quotation", "reply_to")}:contains(catchall@firm.example)` },
        { content: "The own blind copy", trigger: `${cell("quotation", "bcc")}:contains(blind copy to the sender)` },
        { content: "Close by the keyboard", trigger: ".modal", run: "press Escape" },
        { content: "Closed", trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("sengerio_mail_matrix_preferences", {
    steps: () => [
        { content: "User menu", trigger: ".o_user_menu button", run: "click" },
        { content: "Preferences", trigger: "[data-menu=preferences]", run: "click" },
        { ...openTab, trigger: `.modal ${openTab.trigger}` },
        { ...openTable, trigger: `.modal ${openTable.trigger}` },
        { content: "Left out", trigger: `${cell("invoice", "to")}:contains(the customer's accounting addresses)` },
        { content: "The own blind copy", trigger: `${cell("invoice", "bcc")}:contains(marc@firm.example)` },
    ],
});
