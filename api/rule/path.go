package rule

import "strings"

func (p *parser) addPath(t *fieldType, op operator, value word) {
	cleaned := value.text
	switch {
	case strings.HasPrefix(value.text, "@"):
		p.addPlaceholder(t, value)
		return
	case !strings.HasPrefix(value.text, "/"):
		p.fail(value.column, "write it from the root on, for example /etc/passwd", "path %q does not begin with /", value.text)
		return
	case len(value.text) > maxPath:
		p.fail(value.column, "", "path is longer than %d bytes", maxPath)
		return
	case len(value.text[strings.LastIndexByte(value.text, '/')+1:]) > maxName:
		p.fail(value.column, "", "last part of the path is longer than %d bytes", maxName)
		return
	}
	if p.rule.watch && len(cleaned) > 1 {
		cleaned = strings.TrimRight(cleaned, "/")
		if cleaned == "" {
			cleaned = "/"
		}
	} else if t.id == fieldPath && len(cleaned) > 1 && strings.HasSuffix(cleaned, "/") {
		p.fail(value.column, "leave the slash out, or write dir=", "path %q ends with a slash, which the kernel refuses", value.text)
		return
	}
	if strings.ContainsAny(cleaned, "*?[") {
		p.warn(value.column, "the kernel takes *, ? and [ in a path as they are: they stand for nothing else")
	}
	if strings.Contains(cleaned, "/../") || strings.HasSuffix(cleaned, "/..") {
		p.warn(value.column, "the path goes up with ..: write where it leads")
	}
	p.push(value.column, field{t, op, operand{text: cleaned}})
}

const (
	maxPath = 4096
	maxName = 255
)
