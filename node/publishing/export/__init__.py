"""A dataset description in the words of others: schema.org, RO-Crate, DataCite, citations. Pure.

Nothing is said that the partner did not say. Where a format requires a creator and there is none, the publisher stands
for it; docs/how-to/cite-and-reuse-a-dataset.md has which format takes what from where.
"""
