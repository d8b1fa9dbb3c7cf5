"""Does memory help? Tasks, the judge that alone reads ground truth, runs, metrics and reports."""
