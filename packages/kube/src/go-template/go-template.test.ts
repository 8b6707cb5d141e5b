import { describe, expect, test } from "vitest";
import { parseGoTemplate } from "./go-template.ts";

const SHAPE = { Name: "value", Count: "value", Request: { Header: "map", Path: "value" } } as const;
const VALUES = { Name: "shop", Count: 0.00001, Request: { Header: { "X-A": ["1", "2"], "X-None": [] }, Path: `/a"b'<&=` } };

describe("what Go's text/template would write", () => {
  test.each<[string, string, string]>([
    ["a field", "{{.Name}}!", "shop!"],
    ["a field of a field", "{{ .Request.Path }}", `/a"b'<&=`],
    ["a list", '{{index .Request.Header "X-A"}}', "[1 2]"],
    ["an empty list", '{{index .Request.Header "X-None"}}', "[]"],
    ["one of a list", '{{index .Request.Header "X-A" 1}}', "2"],
    ["a map", "{{.Request.Header}}", "map[X-A:[1 2] X-None:[]]"],
    ["what would end a string of JavaScript", "{{js .Request.Path}}", String.raw`/a\"b\'\u003C\u0026\u003D`],
    ["a pipeline", "{{.Request.Path | js}}", String.raw`/a\"b\'\u003C\u0026\u003D`],
    ["a small number", "{{.Count}}", "1e-05"],
    ["a length", '{{len (index .Request.Header "X-A")}}', "2"],
    ["a condition", '{{if eq .Name "x" "shop"}}yes{{else}}no{{end}}', "yes"],
    ["a comparison", "{{if lt .Count 1}}less{{end}}", "less"],
    ["a negation", "{{if not .Name}}none{{else}}some{{end}}", "some"],
    ["space that is trimmed", "a  {{- /* why */ -}}  {{ .Name -}} \n b", "ashopb"],
    ["a raw string", '{{print `a"b`}}', 'a"b'],
  ])("%s", (_, text, expected) => {
    expect(parseGoTemplate(text, SHAPE)(VALUES)).toBe(expected);
  });

  test.each([
    "{{.Nothing}}",
    "{{.Request}}",
    "{{printf .Name}}",
    "{{range .Name}}x{{end}}",
    "{{if .Name}}",
    "{{.Name",
    "{{js}}",
    "{{constructor 1}}",
  ])("cannot be read: %s", (text) => expect(() => parseGoTemplate(text, SHAPE)).toThrow(SyntaxError));

  test("what Go fails on while it writes is told", () => {
    expect(() => parseGoTemplate('{{index .Request.Header "X-None" 0}}', SHAPE)(VALUES)).toThrow(/out of range/);
    expect(() => parseGoTemplate("{{index .Name 0}}", SHAPE)(VALUES)).toThrow(RangeError);
  });

  test("what is inherited is no entry of a map", () => {
    expect(parseGoTemplate('{{index .Request.Header "constructor"}}', SHAPE)(VALUES)).toBe("");
  });
});
