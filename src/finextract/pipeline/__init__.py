"""The spaCy side: registered tokenizers and components, and how they are assembled. Nothing here is imported by ``import finextract``."""
