package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryPackageAndExportedNameHasItsComment(t *testing.T) {
	for path, p := range list(t) {
		if !strings.HasPrefix(path, module) {
			continue
		}
		files := token.NewFileSet()
		documented := false
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			documented = documented || strings.HasPrefix(file.Doc.Text(), opening(p))
			if !ast.IsGenerated(file) && p.Name != "main" {
				checkNames(t, files, file)
			}
		}
		if !documented {
			t.Errorf("%s: no file has a package comment that begins with %q", path, opening(p))
		}
	}
}

// opening is how a package comment begins; that of a program begins with the program's name.
func opening(p listed) string {
	if p.Name == "main" {
		name := filepath.Base(p.Dir)
		return strings.ToUpper(name[:1]) + name[1:] + " "
	}
	return "Package " + p.Name + " "
}

func checkNames(t *testing.T, files *token.FileSet, file *ast.File) {
	t.Helper()
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Name.IsExported() && onExported(decl) {
				check(t, files, decl.Name, decl.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				checkSpec(t, files, decl, spec)
			}
		}
	}
}

func checkSpec(t *testing.T, files *token.FileSet, decl *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		check(t, files, spec.Name, firstOf(spec.Doc, decl))
		if s, ok := spec.Type.(*ast.StructType); ok {
			checkFields(t, files, s)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Comment == nil {
				check(t, files, name, firstOf(spec.Doc, decl))
			}
		}
	}
}

// checkFields wants a comment for every exported field, above or behind it; one comment may serve fields that stand together.
func checkFields(t *testing.T, files *token.FileSet, s *ast.StructType) {
	t.Helper()
	said := false
	last := 0
	for _, field := range s.Fields.List {
		line := files.Position(field.Pos()).Line
		said = field.Doc != nil || field.Comment != nil || (said && line == last+1)
		last = files.Position(field.End()).Line
		for _, name := range field.Names {
			if name.IsExported() && !said {
				t.Errorf("%s: field %s has no comment", files.Position(name.Pos()), name.Name)
			}
		}
	}
}

// firstOf returns the comment of a spec, or that of its declaration where it stands alone.
func firstOf(doc *ast.CommentGroup, decl *ast.GenDecl) *ast.CommentGroup {
	if doc == nil && len(decl.Specs) == 1 {
		return decl.Doc
	}
	return doc
}

func check(t *testing.T, files *token.FileSet, name *ast.Ident, doc *ast.CommentGroup) {
	t.Helper()
	text := doc.Text()
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	if !strings.HasPrefix(text, name.Name) {
		t.Errorf("%s: %s has no comment that begins with its name", files.Position(name.Pos()), name.Name)
	}
}

// onExported says whether a function, or the type that a method belongs to, can be seen from outside.
func onExported(decl *ast.FuncDecl) bool {
	if decl.Recv == nil {
		return true
	}
	expr := decl.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return true
		}
	}
}
