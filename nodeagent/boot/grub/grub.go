// Package grub reads the configuration of GRUB 2 as GRUB would, and says which entries its menu has and with which kernel command lines.
//
// The text of grub.cfg and what it asks of the machine come in (files, the environment block, entries of the Boot Loader Specification); the
// menu goes out. Nothing is executed. What only GRUB itself can know on the day, such as its platform, makes both branches of a condition
// possible: a variable then has several values, an entry several command lines, and the caller sees all of them. What cannot be followed at
// all is a doubt, never a guess.
package grub

// Truth is an answer to a question of the configuration.
type Truth int

// The values of Truth.
const (
	Maybe Truth = iota // only GRUB knows
	Yes                // surely
	No                 // surely not
)

// Host is the machine as the configuration sees it. Paths are those of GRUB: they may begin with a device in parentheses.
type Host interface {
	// Read returns a file. An error that wraps fs.ErrNotExist says that it is surely not there.
	Read(path string) ([]byte, error)
	// Exists says whether a file or directory is there.
	Exists(path string) Truth
	// Entries returns the entries of the Boot Loader Specification, in the order of the menu. The directory is empty where the
	// configuration names none.
	Entries(dir string) ([]BLS, error)
}

// BLS is an entry of the Boot Loader Specification.
type BLS struct {
	ID, Title      string // the name of its file without .conf, and what the menu shows
	Linux, Options string // as they stand in the file; variables of GRUB may be in them
	HasOptions     bool   // without, GRUB takes the variable default_kernelopts
	File           string // where it stands
}

// Menu is what a configuration offers.
type Menu struct {
	Entries []*Entry // submenus and what is in them, in their order
	Once    bool     // Default was set by grub-reboot and holds for one boot
	Files   []string // the files that were read, in GRUB's words
	Doubt   string   // why none of it is certain; empty where it is
	chosen  []string // what the variable default may be
}

// Entry is something that can be chosen, or a submenu.
type Entry struct {
	Title, ID string   // what the menu shows, and --id
	File      string   // where it stands
	Place     []int    // position in the menu and its submenus, from 0
	Parents   []string // titles of the submenus it stands in
	Lines     []Line   // its possible command lines; more than one where a condition is open
	Chain     string   // another loader or image that it hands over to
	Submenu   bool     // it opens a menu
	Doubt     string   // why its command line is not certain

	body      []statement
	args      []string
	handsOver bool // its menu is another configuration's, with a default of its own
}

// Line is a kernel with its command line. Sure is false where parts of the command line are known to GRUB alone.
type Line struct {
	Kernel, Cmdline string // ? stands for what only GRUB knows
	Sure            bool   // no parameter can hide in that
}

// Read runs a configuration. Variables that are set in env have these values at the start.
func Read(file string, text []byte, env map[string]string, host Host) *Menu {
	r := newRunner(host, env)
	r.file = file
	r.menu.Files = append(r.menu.Files, file)
	script, err := parse(string(text))
	if err != nil {
		r.doubt(file + ": " + err.Error())
	}
	r.run(script)
	r.finish()
	return &r.menu
}
