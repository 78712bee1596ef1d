// Writes a vulnerability database that Grype can import: vulnerability.db in the folder named by the only argument,
// with the rows that standard input states as JSON. The tables are Grype's own; this program only fills them.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	v6 "github.com/anchore/grype/grype/db/v6"
)

// Rows is what standard input holds: every provider, and every vulnerability with the packages that it affects.
type Rows struct {
	Providers       []v6.Provider
	Vulnerabilities []struct {
		v6.VulnerabilityHandle
		Packages []v6.AffectedPackageHandle
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: grype-database FOLDER <ROWS.json")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(folder string, input io.Reader) error {
	var rows Rows
	decoder := json.NewDecoder(input)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rows); err != nil {
		return fmt.Errorf("read the rows: %w", err)
	}
	database, err := v6.NewWriter(v6.Config{DBDirPath: folder})
	if err != nil {
		return err
	}
	return errors.Join(fill(database, rows), database.Close())
}

func fill(database v6.Writer, rows Rows) error {
	providers := map[string]*v6.Provider{}
	for _, provider := range rows.Providers {
		providers[provider.ID] = &provider
		if err := database.AddProvider(provider); err != nil {
			return err
		}
	}
	for _, row := range rows.Vulnerabilities {
		vulnerability := row.VulnerabilityHandle
		vulnerability.Provider = providers[vulnerability.ProviderID]
		if err := database.AddVulnerabilities(&vulnerability); err != nil {
			return err
		}
		for _, affected := range row.Packages {
			affected.Vulnerability = &vulnerability
			if err := database.AddAffectedPackages(&affected); err != nil {
				return err
			}
		}
	}
	return database.SetDBMetadata()
}
