package grub

import (
	"slices"
	"strconv"
	"strings"
)

// Default returns the entry that boots when nobody chooses, nil where that is open. GRUB takes the first entry where the one that is asked for
// is not there.
func (m *Menu) Default() *Entry {
	var found *Entry
	for _, wanted := range m.chosen {
		if isOpen(wanted) {
			return nil
		}
		e := m.pick(nil, strings.Split(wanted, ">"))
		if e == nil || (found != nil && found != e) {
			return nil
		}
		found = e
	}
	return found
}

// pick goes down into submenus. Without further words a submenu boots its first entry.
func (m *Menu) pick(parent *Entry, path []string) *Entry {
	wanted := "0"
	if len(path) > 0 {
		wanted, path = path[0], path[1:]
	}
	menu := m.below(parent)
	if len(menu) == 0 {
		return nil
	}
	e := menu[0]
	if i, err := strconv.Atoi(wanted); err == nil && i >= 0 && i < len(menu) {
		e = menu[i]
	} else if i := slices.IndexFunc(menu, func(e *Entry) bool { return e.ID == wanted || e.Title == wanted }); i >= 0 {
		e = menu[i]
	}
	switch {
	case e.handsOver:
		return nil
	case e.Submenu:
		return m.pick(e, path)
	default:
		return e
	}
}

// below returns the entries of a submenu, or those of the menu itself.
func (m *Menu) below(parent *Entry) []*Entry {
	var entries []*Entry
	for _, e := range m.Entries {
		if parent == nil && len(e.Place) == 1 || parent != nil && len(e.Place) == len(parent.Place)+1 && slices.Equal(e.Place[:len(parent.Place)], parent.Place) {
			entries = append(entries, e)
		}
	}
	return entries
}
