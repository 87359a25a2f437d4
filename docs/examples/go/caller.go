// Package caller reads who calls a service from the headers that its Envoy wrote: the contract of docs/identity.md.
//
//	c, err := caller.Read(r.Method, r.Header, "bucket", time.Now())
//	if err == nil && slices.Contains(c.Permissions, "bucket:read") { ... }
//
// Nothing here verifies a signature: Envoy did, and the service must be reachable through its Envoy alone.
package caller

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxHeader = 16_384
	maxText   = 2_048
	maxList   = 1_024
	maxActors = 8
	// Gateways speak for nobody: a request without a token that comes through them is anonymous.
	gatewayNamespace = "istio-ingress"
)

// Caller is who calls. Kind is anonymous, user, userViaWorkload or workload; a workload's Proof is token or mtls.
type Caller struct {
	Kind        string    `json:"kind"`
	Proof       string    `json:"proof,omitempty"`
	ID          string    `json:"id,omitempty"`
	Issuer      string    `json:"issuer,omitempty"`
	Email       string    `json:"email,omitempty"`
	Roles       []string  `json:"roles,omitempty"`
	Permissions []string  `json:"permissions,omitempty"`
	Actors      []string  `json:"actors,omitempty"`
	Session     *Session  `json:"session,omitempty"`
	Peer        *Workload `json:"peer,omitempty"`
}

type Session struct {
	ID     string `json:"id"`
	Device string `json:"device,omitempty"`
}

// Workload is the direct caller by mTLS.
type Workload struct {
	TrustDomain    string `json:"trustDomain"`
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
}

// Refused says that the request must be refused: token_malformed and audience_mismatch with 401, unavailable with 503.
type Refused struct{ Code, Message string }

func (r *Refused) Error() string { return r.Code + ": " + r.Message }

var (
	authorizationForm = regexp.MustCompile(`^(?:Bearer|Service) [A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$`)
	workloadForm      = regexp.MustCompile(`^system:serviceaccount:[^:]+:[^:]+$`)
	spiffeForm        = regexp.MustCompile(`^spiffe://([a-z0-9._-]{1,255})/ns/([a-z0-9-]{1,63})/sa/([a-z0-9.-]{1,253})$`)
	pairForm          = regexp.MustCompile(`^[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;=]*))(;|,|$)`)
	escaped           = regexp.MustCompile(`\\(.)`)
)

// Read takes an http.Header: every value of a header, under its name in any case.
func Read(method string, header map[string][]string, service string, now time.Time) (Caller, error) {
	peer, err := readPeer(values(header, "x-forwarded-client-cert"))
	if err != nil {
		return Caller{}, err
	}
	// Envoy checks no token on a CORS preflight.
	preflight := method == "OPTIONS" && values(header, "origin") != nil && values(header, "access-control-request-method") != nil
	payload, err := verifiedPayload(header)
	if preflight || (payload == nil && err == nil) {
		return tokenless(peer), nil
	}
	if err != nil {
		return Caller{}, err
	}
	c, err := tokenHolder(claims{payload}, service, now)
	c.Peer = peer
	return c, err
}

func values(header map[string][]string, name string) []string {
	var found []string
	for key, all := range header {
		if strings.EqualFold(key, name) {
			found = append(found, all...)
		}
	}
	return found
}

func tokenless(peer *Workload) Caller {
	if peer == nil || peer.Namespace == gatewayNamespace {
		return Caller{Kind: "anonymous", Peer: peer}
	}
	id := "system:serviceaccount:" + peer.Namespace + ":" + peer.ServiceAccount
	return Caller{Kind: "workload", Proof: "mtls", ID: id, Peer: peer}
}

// It counts only beside a token whose payload segment is the same text, each of them once.
func verifiedPayload(header map[string][]string) (map[string]any, error) {
	authorization, payload := values(header, "authorization"), values(header, "x-jwt-payload")
	if len(authorization) != 1 || len(payload) != 1 {
		return nil, nil
	}
	if len(authorization[0]) > maxHeader {
		return nil, &Refused{"token_malformed", "The token is too long."}
	}
	match := authorizationForm.FindStringSubmatch(authorization[0])
	if match == nil || match[1] != payload[0] {
		return nil, nil
	}
	// Strict: stray bits are refused, and encoding/json would put U+FFFD where the bytes are no UTF-8.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(payload[0])
	var object map[string]any
	if err != nil || !utf8.Valid(raw) || json.Unmarshal(raw, &object) != nil || object == nil {
		return nil, &Refused{"token_malformed", "The token's payload is no JSON object in base64url."}
	}
	return object, nil
}

func tokenHolder(c claims, service string, now time.Time) (result Caller, err error) {
	defer func() {
		if refused, ok := recover().(*Refused); ok {
			result, err = Caller{}, refused
		}
	}()
	if !contains(c.texts("aud"), service) {
		return Caller{}, &Refused{"audience_mismatch", "The token is for another audience."}
	}
	id := c.required("sub")
	holder := Caller{Kind: "workload", Proof: "token", ID: id, Issuer: c.required("iss")}
	holder.Permissions = c.permissions(service, now)
	if _, isUser := c.object["user"]; !isUser && (workloadForm.MatchString(id) || c.text("client_id") == id) {
		return holder, nil
	}
	holder.Kind, holder.Proof, holder.Email, holder.Roles = "user", "", c.text("user", "email"), c.texts("user", "roles")
	if own := c.text("user", "id"); own != "" {
		holder.ID = own
	}
	if _, has := c.object["session"]; has {
		holder.Session = &Session{ID: c.required("session", "id"), Device: c.text("session", "device")}
	}
	if holder.Actors = c.actors(); len(holder.Actors) > 0 {
		holder.Kind = "userViaWorkload"
	}
	return holder, nil
}

// The methods of claims panic with a *Refused that tokenHolder returns.
type claims struct{ object map[string]any }

func (c claims) at(path ...string) (any, bool) {
	var value any = c.object
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			panic(malformed(path))
		}
		if value, ok = object[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

func (c claims) text(path ...string) string {
	value, ok := c.at(path...)
	if !ok {
		return ""
	}
	text, ok := value.(string)
	if !ok || text == "" || utf8.RuneCountInString(text) > maxText {
		panic(malformed(path))
	}
	return text
}

func (c claims) required(path ...string) string {
	if text := c.text(path...); text != "" {
		return text
	}
	panic(malformed(path))
}

func (c claims) texts(path ...string) []string {
	value, ok := c.at(path...)
	if !ok {
		return nil
	}
	if text, ok := value.(string); ok {
		value = []any{text}
	}
	list, ok := value.([]any)
	if !ok || len(list) > maxList {
		panic(malformed(path))
	}
	texts := make([]string, len(list))
	for i, one := range list {
		if texts[i], ok = one.(string); !ok || utf8.RuneCountInString(texts[i]) > maxText {
			panic(malformed(path))
		}
	}
	return texts
}

// A grant ends at `expires`, which Envoy cannot compare.
func (c claims) permissions(service string, now time.Time) []string {
	granted := c.texts("services", service, "permissions")
	value, ok := c.at("services", service, "expires")
	if !ok {
		return granted
	}
	expires, ok := value.(float64)
	if !ok {
		panic(malformed([]string{"services", service, "expires"}))
	}
	if expires*1_000 <= float64(now.UnixMilli()) {
		return nil
	}
	return granted
}

// The outermost `act` is who acts now (RFC 8693 section 4.1).
func (c claims) actors() []string {
	var chain []string
	for path := []string{"act"}; ; path = append(path, "act") {
		if _, ok := c.at(path...); !ok {
			return chain
		}
		if len(chain) == maxActors {
			panic(malformed(path[:1]))
		}
		chain = append(chain, c.required(append(path, "sub")...))
	}
}

func malformed(path []string) *Refused {
	return &Refused{"token_malformed", "The claim " + strings.Join(path, ".") + " has another shape than expected."}
}

func contains(texts []string, wanted string) bool {
	for _, text := range texts {
		if text == wanted {
			return true
		}
	}
	return false
}

// The last element is the one that this service's own Envoy wrote; those before it are hearsay.
func readPeer(lines []string) (*Workload, error) {
	if lines == nil {
		return nil, nil
	}
	rest := strings.Join(lines, ",")
	if len(rest) > maxHeader {
		return nil, &Refused{"unavailable", "The client certificate header is too long."}
	}
	var uris []string
	for end := ","; end != ""; {
		match := pairForm.FindStringSubmatchIndex(rest)
		if match == nil {
			return nil, &Refused{"unavailable", "The mesh did not write this client certificate header."}
		}
		if strings.EqualFold(rest[match[2]:match[3]], "uri") {
			uris = append(uris, pairValue(rest, match))
		}
		if end = rest[match[8]:match[9]]; end == "," {
			uris = nil
		}
		rest = rest[match[1]:]
	}
	if len(uris) > 1 {
		return nil, &Refused{"unavailable", "The client certificate header names more than one URI."}
	}
	if len(uris) == 1 {
		if id := spiffeForm.FindStringSubmatch(uris[0]); id != nil {
			return &Workload{id[1], id[2], id[3]}, nil
		}
	}
	return nil, nil
}

func pairValue(text string, match []int) string {
	if match[4] >= 0 {
		return escaped.ReplaceAllString(text[match[4]:match[5]], "$1")
	}
	return text[match[6]:match[7]]
}
