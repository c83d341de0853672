"""Operations: health, metrics, backups, moving house, and checks of the whole."""
