"""What the contracts of the forms say, told in other ways: schemas, differences, glossary."""
