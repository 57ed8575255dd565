// Package expr is the expression language of routes: the Common Expression Language with one variable, event.
//
// The text of an expression comes in, a Program goes out, or a complaint with line and column. The controller compiles to check, the agent to
// evaluate; both know the same fields with the same types, so that what the controller takes the agent takes. The package knows no events:
// a Program asks an Object for the fields that the expression names. It is pure.
package expr

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

// maxCost bounds what one evaluation may cost, in the units of CEL: comparing two words is about 1, and so is looking at one element of a
// list. It is some milliseconds of one core.
const maxCost = 20_000

// maxLength bounds expressions that no API server has seen; the API has the same bound.
const maxLength = 2048

// stringsVersion pins the text functions, so that a newer library does not make two agents differ.
const stringsVersion = 4

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	program cel.Program
}

// Compile returns the program of an expression that is true or false. Its error is for people: it says where, and what is wrong.
func Compile(expression string) (*Program, error) {
	if len(expression) > maxLength {
		return nil, fmt.Errorf("the expression has %d bytes, at most %d are allowed: split the route", len(expression), maxLength)
	}
	env, err := environment()
	if err != nil {
		return nil, err // cannot be: the tests build it
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, complaint(issues)
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("the expression is of type %s and must be true or false: compare it with something", ast.OutputType())
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("the expression cannot be prepared: %w", err)
	}
	return &Program{program}, nil
}

// Matches says whether the expression is true for the event. Its errors are those of this one evaluation: a division by zero, an index
// beyond the end of a list, too much work.
func (p *Program) Matches(event Object) (bool, error) {
	value, _, err := p.program.Eval(activation{event})
	if err != nil {
		return false, err
	}
	is, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("the expression is neither true nor false") // cannot be: it was checked
	}
	return is, nil
}

var environment = sync.OnceValues(func() (*cel.Env, error) {
	known, err := newProvider()
	if err != nil {
		return nil, err
	}
	return cel.NewEnv(
		cel.CustomTypeProvider(known), cel.CustomTypeAdapter(known),
		cel.Variable(variable, cel.ObjectType(variable)),
		ext.Strings(ext.StringsVersion(stringsVersion)),
		cel.ParserExpressionSizeLimit(maxLength), cel.ParserRecursionLimit(32),
	)
})

// complaint puts what CEL says over several lines into one sentence for each mistake.
func complaint(issues *cel.Issues) error {
	var words []string
	for _, issue := range issues.Errors() {
		message := strings.ReplaceAll(strings.ReplaceAll(issue.Message, " (in container '')", ""), "\n", " ")
		words = append(words, fmt.Sprintf("line %d, column %d: %s", issue.Location.Line(), issue.Location.Column()+1, message))
	}
	return errors.New(strings.Join(words, "; "))
}
