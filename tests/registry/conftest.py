from tests.support.service import nothing_runs_on as nothing_runs_on
