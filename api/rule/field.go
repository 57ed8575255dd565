package rule

import "strings"

func (p *parser) push(column int, f field) {
	if len(p.rule.fields) == maxFields-1 { // auditctl keeps one free, and so can read the rule back
		p.fail(column, "write several rules", "a rule holds at most %d fields", maxFields-1)
		return
	}
	if f.kind == path && f.id != fieldExe && (p.rule.has(fieldPath) || p.rule.has(fieldDir)) {
		p.fail(column, "write a rule for each path", "a rule has one path or dir")
		return
	}
	if message, fix := f.refusedBy(p.rule.list); message != "" {
		p.fail(column, fix, "%s", message)
		return
	}
	p.rule.fields = append(p.rule.fields, f)
}

func (p *parser) setPerm(value word) {
	bits, ok := parsePerm(value.text)
	if !ok {
		p.fail(value.column, "write one or more of r, w, x, a", "%q is not a set of permissions", value.text)
		return
	}
	for i, f := range p.rule.fields {
		if f.id == fieldPerm {
			if p.permGiven {
				p.warn(value.column, "a second -p replaces the first")
			}
			p.rule.fields[i].value.number = bits
			p.permGiven = true
			return
		}
	}
	if !p.rule.watch && p.rule.list != listExit {
		p.fail(value.column, "", "permissions belong on the exit list")
		return
	}
	p.permGiven = true
	p.push(value.column, field{permField, equal, operand{number: bits}})
}

func (p *parser) addKey(value word) {
	if value.text == "" {
		p.fail(value.column, "", "the key is empty")
		return
	}
	length := len(value.text)
	for _, k := range p.rule.keys {
		length += len(k) + len(keySeparator)
	}
	if strings.Contains(value.text, keySeparator) {
		p.fail(value.column, "leave the byte 0x01 out", "the key holds the byte that stands between two keys")
		return
	}
	if length > maxKey {
		p.fail(value.column, "shorten it", "the keys of a rule are longer than %d bytes", maxKey)
		p.problems[len(p.problems)-1].Check = "key-too-long"
		return
	}
	if len(p.rule.keys) > 0 {
		p.rule.keys = append(p.rule.keys, value.text)
		return
	}
	p.rule.keys = []string{value.text}
	p.push(value.column, field{keyField, equal, operand{}})
}

func (p *parser) addField(value word) {
	name, op, rest, found := cutOperator(value.text)
	at := func(s string) int { return value.column + len(value.text) - len(s) }
	if !found || name == "" || rest == "" {
		p.fail(value.column, "write it as name=value, without spaces", "%q is not a field, an operator and a value", value.text)
		return
	}
	t, known := fieldNamed(name)
	if !known {
		p.fail(value.column, closest(name, fieldsByName, "see -F in auditctl(8) for the fields"), "unknown field %q", name)
		return
	}
	v := word{rest, at(rest)}
	switch t.id {
	case fieldKey:
		if op != equal {
			p.fail(value.column, "write key="+rest, "a key takes = only")
			return
		}
		p.addKey(v)
	case fieldPerm:
		if op != equal {
			p.fail(value.column, "write perm="+rest, "perm takes = only")
			return
		}
		p.setPerm(v)
	case fieldArch:
		p.addArch(t, op, v)
	default:
		p.addValue(t, op, v)
	}
}

func (p *parser) addArch(t *fieldType, op operator, v word) {
	if op != equal && op != notEqual {
		p.fail(v.column, "write arch=b64 or arch=b32", "arch takes = and != only")
		return
	}
	if len(p.rule.syscalls) > 0 {
		p.fail(v.column, "put -F arch= before the first -S", "arch stands behind -S, whose numbers depend on it")
		return
	}
	name := strings.ToLower(v.text)
	if _, known := archNamed(name, ""); !known {
		p.fail(v.column, "write b64, b32 or a machine such as x86_64", "unknown architecture %q", v.text)
		return
	}
	f := field{t, op, operand{text: name}}
	if len(p.arches) == 0 {
		p.push(v.column, f)
	} else {
		p.note(v.column, "two-architectures", "each arch= gives a rule of its own; auditctl would make one rule that never matches")
	}
	p.arches = append(p.arches, f)
}

func (p *parser) addValue(t *fieldType, op operator, v word) {
	if fix := t.refuses(op); fix != "" {
		p.fail(v.column, fix, "the kernel does not compare %s in this way", t.name)
		return
	}
	if t.kind == path {
		if op != equal && t.id != fieldExe {
			p.fail(v.column, "write "+t.name+"="+v.text, "%s takes = only", t.name)
			return
		}
		p.addPath(t, op, v)
		return
	}
	value, wrong := parseOperand(t, v.text)
	if wrong != nil {
		p.fail(v.column, wrong.fix, "%s", wrong.message)
		return
	}
	p.push(v.column, field{t, op, value})
}

func (p *parser) addCompare(value word) {
	left, op, right, found := cutOperator(value.text)
	if !found || (op != equal && op != notEqual) {
		p.fail(value.column, "write two fields with = or != between them, for example auid!=uid", "%q is not a comparison", value.text)
		return
	}
	number, known := comparison(left, right)
	if !known {
		p.fail(value.column, "see -C in auditctl(8) for the pairs", "the kernel does not compare %s with %s", left, right)
		return
	}
	p.push(value.column, field{compareField, op, operand{number: number}})
}

// comparison is the number of a comparison of two fields, which may stand in either order.
func comparison(left, right string) (uint32, bool) {
	a, known := fieldNamed(left)
	b, bothKnown := fieldNamed(right)
	if !known || !bothKnown {
		return 0, false
	}
	n, known := comparisons.numbers[a.name+","+b.name]
	if !known {
		n, known = comparisons.numbers[b.name+","+a.name]
	}
	return n, known
}
