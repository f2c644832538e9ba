"""The nouns of accel-doctor: frozen values, no input or output. Their words are in the glossary."""
