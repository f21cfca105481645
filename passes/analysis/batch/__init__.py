"""How every value relates to the microbatches: whole, split or partial."""
