package basetest

// cases is every case, in the order of the interfaces in base.
func cases() []testCase {
	return []testCase{
		{"Produce/reports", produceReports},
	}
}

// mixedCases is every case for two bases.
func mixedCases() []mixedCase {
	return nil
}
