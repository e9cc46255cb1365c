"""The budgets of the design, measured: `make bench`. Figures are ratios within one run; nothing here is a test."""
