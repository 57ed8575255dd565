package chain

import "fmt"

// Place is a line of a file; the first is 1.
type Place struct {
	// File is the file's name as the reader gave it.
	File string `json:"file"`
	// Line is its number.
	Line int64 `json:"line"`
}

// Finding is something that is not as it was signed.
type Finding struct {
	// From and To are the lines that it is about. They may be in different files.
	From Place `json:"from"`
	To   Place `json:"to"`
	// Message says what is wrong.
	Message string `json:"message"`
}

// String is the finding for people.
func (f Finding) String() string { return lines(f.From, f.To) + ": " + f.Message }

func lines(from, to Place) string {
	switch {
	case from == Place{} && to == Place{}:
		return "the log"
	case from == to:
		return fmt.Sprintf("line %d of %s", to.Line, to.File)
	case from.File == to.File:
		return fmt.Sprintf("lines %d–%d of %s", from.Line, to.Line, to.File)
	}
	return fmt.Sprintf("line %d of %s to line %d of %s", from.Line, from.File, to.Line, to.File)
}

// Report is the verdict on one log.
type Report struct {
	// Node and File are the log's, as its checkpoints name it.
	Node string `json:"node,omitempty"`
	File string `json:"file,omitempty"`
	// KeyChecked says that the key was given, and not taken from the log itself.
	KeyChecked bool `json:"keyChecked"`
	// Lines is without checkpoints. Before are those before the chain began, Uncovered those behind the last checkpoint.
	Lines     int64 `json:"lines"`
	Before    int64 `json:"before"`
	Uncovered int64 `json:"uncovered"`
	// Checkpoints is how many there are, First and Last their numbers.
	Checkpoints int64  `json:"checkpoints"`
	First       uint64 `json:"first"`
	Last        uint64 `json:"last"`
	// Published is the number of the checkpoint in the status, 0 without a status; Behind says that it is older than all that is here.
	Published uint64 `json:"published,omitempty"`
	Behind    bool   `json:"behind,omitempty"`
	// Findings are empty where everything is as it was signed.
	Findings []Finding `json:"findings"`
}
