"""Services for merged masks: merging, comparing methods, importing masks, progress."""
