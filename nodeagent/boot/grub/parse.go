package grub

import "errors"

type kind int

const (
	command  kind = iota // words, perhaps with a block behind them: menuentry … { }
	branch               // if: conds[i] guards blocks[i]; one block more is the else
	loop                 // for, while, until: words[0] is the keyword
	function             // words[0] is the name
)

// A statement of the script. The blocks of a command are its one block, if it has one.
type statement struct {
	kind   kind
	words  []token
	conds  [][]statement
	blocks [][]statement
}

var errUnfinished = errors.New("a block is not closed, or closed twice")

// depthLimit keeps hostile files from using up the stack.
const depthLimit = 64

type parser struct {
	tokens []token
	at     int
	depth  int
}

// parse returns the statements of a script.
func parse(text string) ([]statement, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	script, err := p.list("")
	if err == nil && p.at < len(p.tokens) {
		err = errUnfinished
	}
	return script, err
}

// keyword returns the bare word that stands next, or its sign.
func (p *parser) keyword() string {
	if p.at >= len(p.tokens) {
		return ""
	}
	t := p.tokens[p.at]
	if t.sign != 0 {
		return string(t.sign)
	}
	return t.literal()
}

// literal is the text of a word that has neither quotes nor variables.
func (t token) literal() string {
	if !t.bare || len(t.parts) != 1 {
		return ""
	}
	return t.parts[0].text
}

// list reads statements until one of the words that end a block, or until the closing brace, which it leaves.
func (p *parser) list(closing string) ([]statement, error) {
	if p.depth++; p.depth > depthLimit {
		return nil, errNesting
	}
	defer func() { p.depth-- }()
	var list []statement
	for p.at < len(p.tokens) {
		switch word := p.keyword(); word {
		case "\n":
			p.at++
		case "fi", "else", "elif", "then", "do", "done", "}":
			return list, nil
		default:
			s, err := p.statement(word)
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		}
	}
	if closing != "" {
		return nil, errUnfinished
	}
	return list, nil
}

func (p *parser) statement(word string) (statement, error) {
	switch word {
	case "if":
		return p.branch()
	case "for", "while", "until":
		return p.loop()
	case "function":
		return p.function()
	default:
		return p.command()
	}
}

// expect takes a word that must be there.
func (p *parser) expect(word string) error {
	if p.keyword() != word {
		return errUnfinished
	}
	p.at++
	return nil
}

func (p *parser) branch() (statement, error) {
	s := statement{kind: branch}
	for p.keyword() == "if" || p.keyword() == "elif" {
		p.at++
		cond, err := p.upTo("then")
		if err != nil {
			return s, err
		}
		body, err := p.list("fi")
		if err != nil {
			return s, err
		}
		s.conds, s.blocks = append(s.conds, cond), append(s.blocks, body)
	}
	if p.keyword() == "else" {
		p.at++
		body, err := p.list("fi")
		if err != nil {
			return s, err
		}
		s.blocks = append(s.blocks, body)
	}
	return s, p.expect("fi")
}

func (p *parser) upTo(word string) ([]statement, error) {
	list, err := p.list(word)
	if err != nil {
		return nil, err
	}
	return list, p.expect(word)
}

func (p *parser) loop() (statement, error) {
	s := statement{kind: loop, words: []token{p.tokens[p.at]}}
	p.at++
	if s.words[0].literal() == "for" {
		s.words = append(s.words, p.words()...)
	} else {
		cond, err := p.list("do")
		if err != nil {
			return s, err
		}
		s.conds = [][]statement{cond}
	}
	for p.keyword() == "\n" {
		p.at++
	}
	if err := p.expect("do"); err != nil {
		return s, err
	}
	body, err := p.upTo("done")
	s.blocks = [][]statement{body}
	return s, err
}

func (p *parser) function() (statement, error) {
	p.at++
	s := statement{kind: function, words: p.words()}
	if len(s.words) != 1 {
		return s, errUnfinished
	}
	body, err := p.block()
	s.blocks = [][]statement{body}
	return s, err
}

func (p *parser) command() (statement, error) {
	s := statement{kind: command, words: p.words()}
	if len(s.words) == 0 {
		return s, errUnfinished
	}
	if p.keyword() != "{" {
		return s, nil
	}
	body, err := p.block()
	s.blocks = [][]statement{body}
	return s, err
}

// words takes words up to the next sign.
func (p *parser) words() []token {
	start := p.at
	for p.at < len(p.tokens) && p.tokens[p.at].sign == 0 {
		p.at++
	}
	return p.tokens[start:p.at]
}

func (p *parser) block() ([]statement, error) {
	for p.keyword() == "\n" {
		p.at++
	}
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	return p.upTo("}")
}
