"""The contest: several candidates on the same folds, one winner chosen by the folds alone, and their blend."""
