"""Nothing is converted: a truth is no number, in any request there is."""

import importlib
import pkgutil

import pytest
from pydantic import ValidationError

import web.models
from web.models.common import Wanted

for _module in pkgutil.iter_modules(web.models.__path__, "web.models."):
    importlib.import_module(_module.name)


def fields() -> list[tuple[type[Wanted], str]]:
    found, models = [], [*Wanted.__subclasses__()]
    while models:
        model = models.pop()
        models += model.__subclasses__()
        found += [
            (model, name)
            for name, field in model.model_fields.items()
            if "bool" not in str(field.annotation)
        ]
    return found


@pytest.mark.parametrize(("model", "name"), fields(), ids=lambda one: getattr(one, "__name__", one))
@pytest.mark.parametrize("truth", ["true", "false"])
def test_a_truth_is_taken_nowhere_but_where_it_belongs(model: type[Wanted], name: str, truth: str):
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(f'{{"{name}": {truth}}}')
    assert any(error["loc"][:1] == (name,) for error in caught.value.errors())


async def test_a_site_of_true_phases_is_refused(service, site):
    grid = {"fuse_a": {"l1": 25, "l2": 25, "l3": 25}, "phases": True}
    answer = await service.put("/sites/demo/grid-connection", json=grid)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "/phases")
    assert site.grid.phases == 0
