"""Models, one file each. A file defines ``MODEL``, a :class:`kvfit.registry.ModelFamily`; nothing else registers it."""
