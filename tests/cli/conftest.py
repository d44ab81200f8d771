from tests.support.service import names as names
from tests.support.service import nothing_runs_on as nothing_runs_on
from tests.support.service import request_of as request_of
from tests.support.service import rows as rows
