from tests.typechecking import checked

__all__ = ["checked"]  # where jaxtyping looks for it
