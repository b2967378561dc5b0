import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";

const VIEWER = ".o_field_widget[name=preview] :iframe";

registry.category("web_tour.tours").add("sengerio_mail_preview", {
    steps: () =>
        countClicks(1, [
            { content: "Open the preview", trigger: ".o_notebook .nav-link[name=preview]", run: "click" },
            { content: "The viewer has the document", trigger: `${VIEWER} #numPages:contains(2)` },
            {
                content: "It shows the first page,",
                trigger: `${VIEWER} .page[data-page-number='1'][data-loaded=true] canvas`,
                run() {
                    const { width, height } = this.anchor;
                    const { data } = this.anchor.getContext("2d").getImageData(0, 0, width, height);
                    if (data.every((value) => value === data[0])) {
                        throw new Error("The page is empty.");
                    }
                },
            },
            { content: "which has its words", trigger: `${VIEWER} .textLayer:contains(Quotation for Azure Interior)` },
        ]),
});
