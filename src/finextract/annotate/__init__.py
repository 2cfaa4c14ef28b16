"""The annotators' page: gold files corrected in a browser on this machine, beside the toolkit's own suggestions.

:mod:`store` keeps the file and loses nothing, :mod:`journal` survives a killed process, :mod:`lines` changes one line of JSON
and nothing else in it, :mod:`suggest` says what the extraction and the checks have to say of a row, :mod:`server` is the
application. Only :mod:`server` needs the extra ``[annotate]``.
"""
