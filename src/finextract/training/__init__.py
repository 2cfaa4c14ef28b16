"""What ``spacy train`` with ``configs/*.cfg`` needs: the corpus reader, augmentation, and the wrapper around it."""
