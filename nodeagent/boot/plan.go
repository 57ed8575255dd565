package boot

import (
	"fmt"
	"path"
	"strings"
)

// Way is a distribution's own means of giving parameters to the kernel.
type Way string

// The ways that are understood.
const (
	GRUBDropIn    Way = "grub-drop-in"   // a file in /etc/default/grub.d, and grub.cfg generated anew
	Grubby        Way = "grubby"         // entries of the Boot Loader Specification, as on RHEL, Fedora and Amazon Linux
	RPMOSTree     Way = "rpm-ostree"     // kernel arguments of deployments
	KernelInstall Way = "kernel-install" // /etc/kernel/cmdline, from which the entries of systemd-boot are written
)

// Plan is how a node's boot loader can be given the parameters that it lacks.
type Plan struct {
	Way        Way      // empty where there is none that is understood
	Parameters []string // what entries lack; empty where nothing is to be done
	Command    []string // what generates the configuration anew; kernel-install: once for each of Kernels
	File       string   // what Command writes, or /etc/kernel/cmdline
	Keep       []Own    // entries that have some of the parameters already, which are not ours to take out
	Kernels    []Kernel // those that kernel-install has to write entries for
	Refusal    string   // why there is no way, and what to do instead
	Note       string   // what stays as it is although something else was asked for
}

// Own is an entry that had parameters before.
type Own struct {
	Kernel string   // by which it is known
	Names  []string // of the parameters
}

// Kernel is one that is installed.
type Kernel struct {
	Version string // as uname -r says it
	Image   string // the file
}

// PlanFor says how the node's next boots can be given audit=1 and an audit_backlog_limit of at least limit. It has no way where it does not
// understand what is there, or where somebody has set the opposite.
func PlanFor(root FS, limit uint32) Plan {
	_, line := lookAtRunning(root)
	f := look(root, line.text)
	if refusal := contradiction(root, f); refusal != "" {
		return Plan{Refusal: refusal}
	}
	plan := Plan{}
	plan.lacks(f.counted(), limit)
	if len(plan.Parameters) == 0 {
		if f.doubt != "" {
			plan.Refusal = "every entry has audit=1, and nobody can say whether that is what the next boot starts with: " + f.doubt
		}
		return plan
	}
	plan.find(root, f)
	if plan.Refusal != "" {
		plan.Refusal = fmt.Sprintf("cannot configure %s: %s", f.loader, plan.Refusal)
	}
	return plan
}

// contradiction finds an audit=0 that somebody has set, which no further parameter could outdo.
func contradiction(root FS, f found) string {
	for _, s := range sources(root, f) {
		if s.reading.disabled {
			return s.file + " has audit=0, which somebody has set and which wins over audit=1: remove it and " + strings.TrimPrefix(s.apply, "run ")
		}
	}
	for _, e := range f.counted() {
		if e.reading.disabled {
			return fmt.Sprintf("%s: entry %q has audit=0, which somebody has set and which wins over audit=1: remove it", e.File, e.Title)
		}
	}
	return ""
}

// lacks fills in the parameters that entries lack. A limit that is there already is somebody's decision, and stays.
func (p *Plan) lacks(counted []Entry, limit uint32) {
	const never = ^uint32(0)
	on, limited, least := 0, 0, never
	for _, e := range counted {
		if e.Audit == On {
			on++
		}
		if e.reading.backlog != nil {
			limited, least = limited+1, min(least, *e.reading.backlog)
		}
		if own := e.own(); len(own.Names) > 0 {
			p.Keep = append(p.Keep, own)
		}
	}
	if on < len(counted) || len(counted) == 0 {
		p.Parameters = append(p.Parameters, "audit=1")
	}
	switch {
	case limited < len(counted) || len(counted) == 0:
		p.Parameters = append(p.Parameters, fmt.Sprintf("audit_backlog_limit=%d", limit))
	case least < limit:
		p.Note = fmt.Sprintf("audit_backlog_limit=%d was set by somebody else and stays, though %d is asked for", least, limit)
	}
}

func (e Entry) own() Own {
	own := Own{Kernel: e.Kernel}
	if e.Audit == On {
		own.Names = append(own.Names, "audit")
	}
	if e.reading.backlog != nil {
		own.Names = append(own.Names, "audit_backlog_limit")
	}
	return own
}

// find chooses the way, or says why there is none.
func (p *Plan) find(root FS, f found) {
	if system, is := images[osID(root)]; is {
		p.Refusal = system.fix
		return
	}
	switch {
	case isOSTree(f):
		p.ostree(root, f)
	case f.loader == GRUB && f.bls:
		p.grubby(root, f)
	case f.loader == GRUB:
		p.dropIn(root, f)
	case f.loader == SystemdBoot:
		p.kernelInstall(root, f)
	case f.loader == NoLoader:
		p.Refusal = "no file of a boot loader is to be seen: a machine that gets its kernel from outside is configured there"
	case f.loader == AnyLoader:
		p.Refusal = "there are files of several boot loaders, and nothing says which one is used: remove those that are not"
	default:
		p.Refusal = howTo(f)
	}
}

func (p *Plan) ostree(root FS, f found) {
	program := executable(root, "rpm-ostree")
	if program == "" {
		p.Refusal = howTo(f)
		return
	}
	p.Way, p.Command = RPMOSTree, []string{program, "kargs"}
}

// grubby changes the entries that are there. Parameters that some had before stay when ours are taken out again.
func (p *Plan) grubby(root FS, f found) {
	program := executable(root, "grubby")
	if program == "" {
		p.Refusal = "there are entries of the Boot Loader Specification and no grubby: " + howTo(f)
		return
	}
	p.Way, p.Command = Grubby, []string{program}
}

// dropIn is for systems whose grub-mkconfig reads /etc/default/grub.d. Whether it does is asked of the script itself.
func (p *Plan) dropIn(root FS, f found) {
	p.File = generatedMenu(f)
	if p.File == "" {
		p.Refusal = "no entry stands in a grub.cfg that grub-mkconfig writes: " + howTo(f)
		return
	}
	for _, name := range []string{"grub-mkconfig", "grub2-mkconfig"} {
		program := executable(root, name)
		if program == "" {
			continue
		}
		text, err := root.read(program)
		if err != nil || !strings.Contains(string(text), "/default/grub.d/") {
			p.Refusal = program + " does not read /etc/default/grub.d: " + howTo(f)
			return
		}
		p.Way, p.Command = GRUBDropIn, []string{program, "-o", p.File}
		if update := executable(root, "update-grub"); update != "" && p.File == "/boot/grub/grub.cfg" {
			p.Command = []string{update}
		}
		return
	}
	p.Refusal = "there is neither grub-mkconfig nor grub2-mkconfig: " + howTo(f)
}

// generatedMenu is the grub.cfg with the entries that count, empty where they stand in several or in none.
func generatedMenu(f found) string {
	menu := ""
	for _, e := range f.counted() {
		switch {
		case path.Base(e.File) != "grub.cfg":
		case menu != "" && menu != e.File:
			return ""
		default:
			menu = e.File
		}
	}
	return menu
}

// kernelInstall is understood where every entry was written by kernel-install for a kernel that is still there.
func (p *Plan) kernelInstall(root FS, f found) {
	const file = "/etc/kernel/cmdline"
	program := executable(root, "kernel-install")
	text, err := root.read(file)
	if program == "" || err != nil || strings.Count(strings.TrimSpace(string(text)), "\n") > 0 || strings.Contains(string(text), "#") {
		p.Refusal = "it is understood only with kernel-install and one line in " + file + ": " + howTo(f)
		return
	}
	for _, e := range f.counted() {
		kernel, found := installed(root, e)
		if !found {
			p.Kernels = nil
			p.Refusal = fmt.Sprintf("%s: this entry is not one that kernel-install has written for a kernel of this system: %s", e.File, howTo(f))
			return
		}
		p.Kernels = append(p.Kernels, kernel)
	}
	p.Way, p.Command, p.File = KernelInstall, []string{program, "add"}, file
}

// installed finds the kernel of an entry whose name ends in its version.
func installed(root FS, e Entry) (Kernel, bool) {
	if path.Ext(e.File) != ".conf" {
		return Kernel{}, false
	}
	dirs, _ := root.glob("/usr/lib/modules", "*")
	for _, dir := range dirs {
		version := path.Base(dir)
		for _, image := range []string{dir + "/vmlinuz", "/boot/vmlinuz-" + version} {
			if strings.HasSuffix(strings.TrimSuffix(path.Base(e.File), ".conf"), "-"+version) && root.has(image) {
				return Kernel{version, image}, true
			}
		}
	}
	return Kernel{}, false
}

// executable finds a program of the node.
func executable(root FS, name string) string {
	for _, dir := range []string{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"} {
		if info, err := root.stat(dir + name); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return dir + name
		}
	}
	return ""
}
