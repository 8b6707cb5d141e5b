/** On Ebb's Knative Services: what a domain template makes their hosts of. */
export const HOST_ANNOTATIONS = { host: "ebb.dev/host", suffix: "ebb.dev/host-suffix" } as const;

/**
 * A `domain-template` of config-network, `{host}.{domain}` in every namespace, where the host is what the platform says in its annotations
 * and otherwise the name: a Route's own is `ebb.dev/host`, that of a tag (which has another Name than the Route) gets the environment's suffix.
 */
export const HOST_TEMPLATE = `${firstPart()}.{{.Domain}}`;

/**
 * That of Ebb's own cluster. Services that are not the platform's have their namespace in the host, as in Knative, so that two of a name can stand in
 * two namespaces; but in `default`, where people try things, they are at `{name}.{domain}`.
 */
export const OWN_HOST_TEMPLATE =
  `${firstPart()}{{if or (index .Annotations "${HOST_ANNOTATIONS.host}") (eq .Namespace "default")}}{{else}}.{{.Namespace}}{{end}}` +
  `.{{.Domain}}`;

function firstPart(): string {
  return (
    `{{if eq .Name (index .Labels "serving.knative.dev/service")}}{{or (index .Annotations "${HOST_ANNOTATIONS.host}") .Name}}` +
    `{{else}}{{.Name}}{{index .Annotations "${HOST_ANNOTATIONS.suffix}"}}{{end}}`
  );
}
