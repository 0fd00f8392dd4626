"""The batch: runs over folders that can be killed and resumed."""
