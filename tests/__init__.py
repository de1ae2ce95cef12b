"""The tests, in folders that mirror the packages; plus `layout` (the tree itself) and the wheel."""
