"""Files that are made when somebody presses for them, and stay until the browser has fetched them.

Streamlit makes such a file and tells the browser its address, which the browser then asks for. In between it forgets
the file as soon as two runs of anybody's page have ended: with eight visitors at their levers, 18 of 40 presses
brought nothing. So a file that was made belongs to the page it was pressed for on, as a picture does, until that page
is drawn whole again.
"""

from collections.abc import Callable
from threading import Thread

from streamlit import runtime
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx


def kept_until_fetched(make: Callable[[], bytes], name: str, mime: str, key: str) -> Callable[[], bytes]:
    """What ``make`` makes, for a button to offer under this ``name``, type and ``key``; another press of the same
    button takes the place of what it brought before."""
    run = get_script_run_ctx()

    def made() -> bytes:
        data = make()
        if run is None or not runtime.exists() or not runtime.get_instance().is_active_session(run.session_id):
            return data  # nobody waits for it any more
        files = runtime.get_instance().media_file_mgr
        file = {"mimetype": mime, "coordinates": f"made {key}", "file_name": name, "is_for_static_download": True}
        keeping = Thread(target=files.add, args=(data,), kwargs=file)
        add_script_run_ctx(keeping, run)  # whose file it is, Streamlit reads off the thread
        keeping.start()
        keeping.join()
        return data

    return made
