import { useEffect } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";
import { ListRenderer } from "@web/views/list/list_renderer";

const CELL = ".o_data_row td.o_data_cell";

/**
 * Odoo's list, in which arrow keys and Enter work; Tab leads into it, too, not only where rows can be added, and out.
 * In the open menu of a selection, Enter chooses.
 */
class ReachableListRenderer extends ListRenderer {
    setup() {
        super.setup();
        useEffect(() => this.makeReachable());
    }

    makeReachable() {
        for (const cell of this.tableRef.el?.querySelectorAll(`${CELL}[tabindex="0"]`) || []) {
            cell.tabIndex = -1;
        }
        const first = this.tableRef.el?.querySelector(CELL);
        if (first && !this.editedRecord) {
            first.tabIndex = 0;
        }
    }

    onCellKeydown(ev, ...args) {
        if (!this.isForMenu(ev)) {
            super.onCellKeydown(ev, ...args);
        }
    }

    /**
     * Tell whether Enter is meant for the open menu of a selection: one went to an item of it, or typed what it says.
     * Odoo marks the first item of a menu that has just opened, whatever is selected.
     */
    isForMenu({ key, target }) {
        const item = target.matches(".o_select_menu_toggler") && document.querySelector(".o_select_menu_item.focus");
        if (key !== "Enter") {
            this.menuWalked = item && key.startsWith("Arrow") ? item.parentElement : null;
            return false;
        }
        const typed = target.value?.trim().toLowerCase();
        return item && (this.menuWalked === item.parentElement || (typed && item.textContent.toLowerCase().includes(typed)));
    }

    /** Tab on the last row leaves it, as Shift+Tab leaves the first. */
    onCellKeydownEditMode(hotkey, ...args) {
        const handled = super.onCellKeydownEditMode(hotkey, ...args);
        if (!handled && hotkey === "tab") {
            this.leave();
        }
        return handled;
    }

    async leave() {
        this.isLeaving = true;
        try {
            await this.props.list.leaveEditMode();
        } finally {
            this.isLeaving = false;
        }
    }

    /** What is computed in a row that was just left does not take the focus back to it. */
    focusCell(...args) {
        if (!this.isLeaving) {
            super.focusCell(...args);
        }
    }
}

class ReachableX2ManyField extends X2ManyField {
    static components = { ...X2ManyField.components, ListRenderer: ReachableListRenderer };
}

registry.category("fields").add("sengerio_reachable_list", { ...x2ManyField, component: ReachableX2ManyField });
