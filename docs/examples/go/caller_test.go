package caller

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"
)

// Reads every vector of the contract.
func TestContract(t *testing.T) {
	var contract struct {
		Service string
		Now     int64
		Vectors []struct {
			Name, Method string
			Headers      [][2]string
			Expected     struct {
				Caller *Caller
				Error  string
			}
		}
	}
	text, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &contract); err != nil || len(contract.Vectors) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, vector := range contract.Vectors {
		t.Run(vector.Name, func(t *testing.T) {
			header := map[string][]string{}
			for _, line := range vector.Headers {
				header[line[0]] = append(header[line[0]], line[1])
			}
			caller, err := Read(vector.Method, header, contract.Service, time.Unix(contract.Now, 0))
			var refused *Refused
			if errors.As(err, &refused) {
				if refused.Code != vector.Expected.Error {
					t.Fatalf("refused with %s, expected %q", refused.Code, vector.Expected.Error)
				}
				return
			}
			got, _ := json.Marshal(caller)
			want, _ := json.Marshal(vector.Expected.Caller)
			if err != nil || string(got) != string(want) {
				t.Fatalf("got %s (%v), expected %s", got, err, want)
			}
		})
	}
}
