package ruletest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// RandomRules returns rules of which many overlap, contradict or repeat each other: there are few calls, paths, users and keys to choose from.
func RandomRules(random *rand.Rand, count int) string {
	var b strings.Builder
	for range count {
		b.WriteString(randomRule(random) + "\n")
	}
	return b.String()
}

func randomRule(random *rand.Rand) string {
	key := pick(random, []string{"", " -k a", " -k b", " -k a", " -k a -k b"})
	if random.IntN(4) == 0 {
		return "-w " + pick(random, watched) + " -p " + permissions(random) + key
	}
	action := pick(random, []string{"always", "always", "always", "never"})
	arch := pick(random, []string{"", " -F arch=b64", " -F arch=b64", " -F arch=b32"})
	var calls, fields []string
	for range random.IntN(3) {
		calls = append(calls, " -S "+pick(random, []string{"openat", "openat,open", "unlink,rename", "chmod", "execve", "getppid", "rename", "0", "all"}))
	}
	for range random.IntN(3) {
		fields = append(fields, randomField(random))
	}
	if random.IntN(3) == 0 {
		fields = append(fields, fmt.Sprintf("-F %s=%s", pick(random, []string{"path", "dir"}), pick(random, watched)))
	}
	if random.IntN(4) == 0 {
		fields = append(fields, "-F perm="+permissions(random))
	}
	random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return strings.TrimSpace(fmt.Sprintf("-a %s,exit%s%s %s%s", action, arch, strings.Join(calls, ""), strings.Join(fields, " "), key))
}

var watched = []string{"/d", "/d/f", "/e", "/e/f"}

func permissions(random *rand.Rand) string {
	return pick(random, []string{"r", "w", "x", "a", "wa", "rwxa"})
}

func randomField(random *rand.Rand) string {
	return pick(random, []string{
		"-F auid>=1000", "-F auid!=unset", "-F auid=1000", "-F auid>1000", "-F auid<2000", "-F uid=0", "-F uid!=0", "-F euid=0", "-F euid<=1", "-F gid=0",
		"-F gid!=0", "-F exit=-13", "-F exit!=0", "-F success=1", "-F success=0", "-F success!=1", "-F a0=2", "-F a1&1", "-F a1&=3", "-F a0>1",
		"-F exe=/d/f", "-F exe!=/d/f", "-F exe=/e/f", "-F obj_uid=0", "-F obj_uid!=0", "-F filetype=file", "-F filetype!=file", "-F inode=5", "-F inode!=5",
		"-F devmajor=1", "-F saddr_fam=2", "-F pers=8", "-C auid!=uid", "-C uid=obj_uid", "-C uid!=obj_uid", "-F subj_type=t", "-F obj_type=t",
	})
}
